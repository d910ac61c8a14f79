{#
    What is to be added to attributes, each key once, whatever becomes of the row later:
    Braze adds, so that a repeat would count twice. For `mode: increment`.

    mart  columns: the key; the user's; attribute (the attribute's name); amount (a whole
          number, negative to take away); and time, if the order matters
    key   the column that tells one increment from another, for ever
    user  'external_id', 'braze_id', 'email', 'phone', or 'user_alias' for the columns
          alias_name and alias_label
#}
{% macro pending_increments(mart, key='increment_key', user='external_id') -%}
    {{- braze_bridge.check_user('pending_increments', user) -}}
    {%- set payload -%}
        '{' || coalesce({{ braze_bridge.user_member(user) }} || ',', '')
        || coalesce({{ braze_bridge.json_text('attribute') }}, '""')
        || ':{"inc":' || coalesce({{ braze_bridge.whole_number('amount') }}, 'null') || '}
        {%- if user == 'user_alias' %},"_update_existing_only":false{% endif %}}'
    {%- endset -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.mart_columns(
            mart,
            braze_bridge.with_user_columns(user, {
                key: 'varchar', 'attribute': 'varchar', 'amount': none, 'time': none,
            }),
            optional=['time'],
        ),
        row_key=key,
        parts={
            'payload': payload,
            'problem': braze_bridge.increment_problem(user),
            'user_key': braze_bridge.user_key(user),
            'sort_key': braze_bridge.iso_time(braze_bridge.utc_moment('time')),
        },
        once=true,
    ) -}}
{%- endmacro %}


{% macro increment_problem(user) -%}
    coalesce(
        case
            when nullif(attribute, '') is null then 'attribute is missing'
            when length(attribute) > 255 then 'attribute has more than 255 characters'
            when attribute like '$%' then 'attribute begins with $'
            when attribute in ('{{ braze_bridge.names_of_no_number() | join("', '") }}')
                then attribute || ' is a field of Braze''s that holds no number'
            when {{ braze_bridge.whole_number('amount') }} is null
                then 'amount is not a whole number: Braze adds no other'
            when {{ braze_bridge.whole_number('amount') }} = '0' then 'amount is 0: there is nothing to add'
        end,
        {{ braze_bridge.user_problem(user) }}
    )
{%- endmacro %}


{# Identifiers and default fields. #}
{% macro names_of_no_number() -%}
    {{- return([
        'external_id', 'braze_id', 'user_alias', '_update_existing_only', '_merge_objects',
        'push_token_import', 'email', 'phone', 'first_name', 'last_name', 'dob', 'gender',
        'country', 'home_city', 'language', 'time_zone', 'current_location',
        'email_subscribe', 'push_subscribe', 'subscription_groups', 'push_tokens',
        'date_of_first_session', 'date_of_last_session', 'image_url', 'facebook', 'twitter',
        'marked_email_as_spam_at', 'email_open_tracking_disabled',
        'email_click_tracking_disabled',
    ]) -}}
{%- endmacro %}


{# A whole number of any type as text, null for anything else. Compared as decimals: a cast
   to a whole number rounds. #}
{% macro whole_number(column) -%}
    {%- set decimal = 'try_cast(' ~ braze_bridge.number_text(column) ~ ' as decimal(38, 18))' -%}
    case
        when
            {{ decimal }} = floor({{ decimal }})
            and {{ decimal }} between -9223372036854775808 and 9223372036854775807
            then cast(cast({{ decimal }} as decimal(38, 0)) as varchar)
    end
{%- endmacro %}
