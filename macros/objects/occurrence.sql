{# What events and purchases share: whose they are, when they happened, what they carry.
   The mart has the columns time and properties, and app_id if it likes. #}


{# The mart for pending_objects, with those of its columns that the object reads. A time
   ahead is ruled on here, in what is hashed: once the moment has come, the row is another
   one than the one set aside, and is offered again. #}
{% macro occurrence_mart(mart, key, user, columns) -%}
(
    select
        *,
        {# Five minutes for clocks that run ahead. #}
        coalesce(
            {{ braze_bridge.utc_moment('time') }}
            > {{ braze_bridge.latest_moment() }} + interval '5 minutes',
            false
        ) as _is_ahead
    from {{ braze_bridge.mart_columns(
        mart,
        braze_bridge.with_user_columns(user, dict(columns, **{
            key: 'varchar', 'time': none, 'properties': none, 'app_id': 'varchar',
        })),
        optional=['app_id'],
    ) }}
)
{%- endmacro %}


{# Adds _iso_time and _properties, so that the parts can name them. The row's key travels
   as the property event_id: when Braze's events come back (Currents), it is what tells
   that this one arrived. #}
{% macro prepared_occurrences(key, reserved, may_hold_objects='false') -%}
    {%- set rows -%}
    select
        offered_rows.*,
        {{ braze_bridge.utc_moment('time') }} as _moment,
        {{ braze_bridge.iso_time('_moment') }} as _iso_time,
        {{ braze_bridge.properties_json('properties') }} as _own_properties,
        case
            when {{ braze_bridge.json_member('_own_properties', 'event_id') }} is not null
                then _own_properties
            else
                substr(_own_properties, 1, length(_own_properties) - 1)
                || case when _own_properties = '{}' then '' else ',' end
                || '"event_id":' || {{ braze_bridge.json_text(key) }} || '}'
        end as _properties
    from offered_rows
    {%- endset -%}
    {{- braze_bridge.with_property_problem(rows, '_properties', reserved, may_hold_objects) -}}
{%- endmacro %}


{# The payload around `members`, which are the object's own. A null stands as null: the
   row has a problem then, and whoever reads the refusal sees the rest of it. #}
{% macro occurrence_payload(user, members) -%}
    '{' || coalesce({{ braze_bridge.user_member(user) }} || ',', '')
    || coalesce('"app_id":' || {{ braze_bridge.json_text('app_id') }} || ',', '')
    || {{ members }}
    || ',"time":' || coalesce({{ braze_bridge.json_text('_iso_time') }}, 'null')
    || ',"properties":' || coalesce(_properties, 'null')
    || '
    {%- if braze_bridge.sync_option('missing_user', 'create') == 'skip' -%}
        ,"_update_existing_only":true
    {%- elif user == 'user_alias' -%}
        {#- Braze updates aliases only, unless told otherwise (braze-api 2.1). -#}
        ,"_update_existing_only":false
    {%- endif -%}
    }'
{%- endmacro %}


{# What is wrong with user, time and properties; the object's own checks come before. #}
{% macro occurrence_problem(user, key, reserved, most_kilobytes, may_hold_objects='false') -%}
    coalesce(
        {{ braze_bridge.user_problem(user) }},
        case
            when time is null then 'time is null'
            when _iso_time is null then 'time is not a timestamp'
            when _is_ahead then 'time lies in the future'
            when _own_properties is null then 'properties is not an object'
            when {{ braze_bridge.json_member('_own_properties', 'event_id') }} <> {{ key }}
                then 'the property event_id is not the {{ key }}: give it another name'
            when {{ braze_bridge.byte_length('_properties') }} > {{ most_kilobytes * 1024 }}
                then 'properties has more than {{ most_kilobytes }} KB'
        end,
        {{ braze_bridge.property_problem('_properties', reserved, may_hold_objects) }}
    )
{%- endmacro %}


{# Whom a row is about. Braze takes the bytes of an external_id, not its characters. #}
{% macro user_problem(user) -%}
    case
        {%- for column in (['alias_name', 'alias_label'] if user == 'user_alias' else [user]) %}
        when nullif(cast({{ column }} as varchar), '') is null then '{{ column }} is missing'
        {%- endfor %}
        {%- if user == 'external_id' %}
        when {{ braze_bridge.byte_length('cast(external_id as varchar)') }} > 987
            then 'external_id has more than 987 bytes'
        {%- endif %}
    end
{%- endmacro %}


{% macro check_user(macro_name, user) -%}
    {%- set users = ['external_id', 'braze_id', 'email', 'phone', 'user_alias'] -%}
    {%- if user not in users -%}
        {{- exceptions.raise_compiler_error(
            macro_name ~ ": user '" ~ user ~ "' is none of " ~ users | join(', ')
        ) -}}
    {%- endif -%}
{%- endmacro %}
