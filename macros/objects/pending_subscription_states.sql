{#
    Subscription states that the destination lacks and that the warehouse may say: Braze's
    later word wins, and nobody is re-subscribed by accident. docs/consent.md has the rules.

    mart      the column of `user`; subscription_group (a name, or 'email' or 'push' for the
              state of the whole channel); state; consented_at (a UTC timestamp)
    user      external_id, email, phone. An address moves every profile that shares it
    groups    relation that gives names their ids: environment, group_name,
              subscription_group_id
    heard     relation of what Braze said: the column of `user`, subscription_group, state,
              changed_at; of each state the last, if not more. A word without a date lets
              nobody be subscribed against it. Without `heard` the ledger alone is asked
    profiles  by e-mail or phone: relation with the column of `user`, a row a profile, to
              say how many profiles a state reaches

    A row that left the mart says nothing: silence is no consent and no refusal.
#}
{% macro pending_subscription_states(
    mart, user='external_id', groups=none, heard=none, profiles=none
) -%}
    {%- set lists = {'external_id': 'external_ids', 'email': 'emails', 'phone': 'phones'} -%}
    {%- if user not in lists -%}
        {{- exceptions.raise_compiler_error(
            "pending_subscription_states: user '" ~ user ~ "' is none of " ~ lists | join(', ')
        ) -}}
    {%- endif -%}
    {%- set member = braze_bridge.user_member(user) -%}
    {%- set state = braze_bridge.json_text('state') -%}
    {%- set consented_at = braze_bridge.iso_time('consented_at') -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.sayable_states(
            mart, user, groups or ref('braze_subscription_groups'), heard, profiles
        ),
        row_key=braze_bridge.subscription_key(user),
        parts={
            'operation': "case when " ~ braze_bridge.is_global_state()
                ~ " then 'global_states' else 'subscription_groups' end",
            'payload': "case when " ~ braze_bridge.is_global_state() ~ "
                then '{' || " ~ member ~ " || ',\"' || subscription_group || '_subscribe\":' || "
                    ~ state ~ " || ',\"_update_existing_only\":true}'
                else '{\"subscription_group_id\":' || " ~ braze_bridge.json_text('_group_id')
                ~ " || ',\"subscription_state\":' || " ~ state
                ~ " || ',\"" ~ lists[user] ~ "\":[' || " ~ braze_bridge.json_text(user)
                ~ " || ']}' end",
            'row_json': "'{' || " ~ member ~ " || ',\"subscription_group\":' || "
                ~ braze_bridge.json_text('subscription_group') ~ " || ',\"state\":' || " ~ state
                ~ " || coalesce(',\"consented_at\":' || "
                ~ braze_bridge.json_text(consented_at) ~ ", '') || '}'",
            'user_key': braze_bridge.user_key(user),
            'sort_key': consented_at,
            'adoptable': "state <> 'unsubscribed' and _problem is null",
            'problem': '_problem',
            'reach': '_reach',
        },
    ) -}}
{%- endmacro %}


{% macro subscription_key(user) -%}
    '[' || {{ braze_bridge.json_text(braze_bridge.subscriber(user)) }}
    || ',' || {{ braze_bridge.json_text('subscription_group') }} || ']'
{%- endmacro %}


{# Braze has each e-mail in lower case: another spelling is the same address. #}
{% macro subscriber(user) -%}
    {{- 'lower(email)' if user == 'email' else user -}}
{%- endmacro %}


{# A state of Braze's in the spelling of its own API: Currents writes `Unsubscribed`. #}
{% macro heard_state(column) -%}
    replace(replace(lower(trim({{ column }})), ' ', '_'), '-', '_')
{%- endmacro %}


{# A date, time or text as a timestamp in UTC; null for what is none, infinity too. A text
   without a zone is taken as UTC, whatever the session's time zone. #}
{% macro said_moment(column) -%}
    {{- adapter.dispatch('said_moment', 'braze_bridge')(column) -}}
{%- endmacro %}

{# Only a text is read as one, and by Snowflake's own formats: a session may have others. A
   text of digits alone would be read as seconds since 1970. #}
{% macro default__said_moment(column) -%}
    {%- set text = 'cast(' ~ column ~ ' as varchar)' -%}
    coalesce(
        {{ braze_bridge.utc_moment(column) }},
        case
            when regexp_instr({{ text }}, ':[0-9.]+ ?([Zz]|[-+][0-9:]+)$') > 0
                then cast(
                    convert_timezone('UTC', try_to_timestamp_tz({{ text }}, 'AUTO'))
                    as timestamp_ntz
                )
            when contains({{ text }}, '-') then try_to_timestamp_ntz({{ text }}, 'AUTO')
        end
    )
{%- endmacro %}

{% macro duckdb__said_moment(column) -%}
    {%- set text = 'cast(' ~ column ~ ' as varchar)' -%}
    case
        when regexp_matches({{ text }}, ':[0-9.]+ ?([Zz]|[-+][0-9:]+)$')
            then timezone('UTC', try_cast({{ text }} as timestamptz))
        when isfinite(try_cast({{ text }} as timestamp)) then try_cast({{ text }} as timestamp)
    end
{%- endmacro %}


{# Whether the state is one of a whole channel. #}
{% macro is_global_state() -%}
    subscription_group in ('email', 'push')
{%- endmacro %}


{# In which column of the seed of subscription groups the ids stand: dbt's target. #}
{% macro subscription_environment() -%}
    {{- return(target.name) -}}
{%- endmacro %}
