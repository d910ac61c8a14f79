{# Why a state is not sent, or null. #}
{% macro subscription_problem(user) -%}
    coalesce({{ braze_bridge.user_problem(user) }}, case
        when subscription_group is null then 'subscription_group is missing'
        when
            not {{ braze_bridge.is_global_state() }} and _group_id is null
            then
                'the subscription group ''' || subscription_group || ''' has no id for '
                || '{{ braze_bridge.subscription_environment() }}: add it to the seed of groups'
        when state is null then 'state is missing'
        when
            state not in ('subscribed', 'unsubscribed')
            and not ({{ braze_bridge.is_global_state() }} and state = 'opted_in')
            then 'the state is none that Braze knows for ' || subscription_group
        when _has_date and consented_at is null then 'consented_at is no time'
        when
            consented_at is null and state <> 'unsubscribed'
            then 'consented_at is missing: nobody is subscribed without a dated consent'
        when
            consented_at is null and _has_word
            then 'consented_at is missing, and the last word was another'
        when
            consented_at > {{ braze_bridge.latest_moment() }} + interval '5 minutes'
            then 'consented_at lies in the future'
        {# Against a word of unknown date only a refusal is sent. #}
        when
            _has_word and _last_at is null and state <> 'unsubscribed'
            then
                'the last word (' || coalesce(_last_state, 'of no state') || ') on '
                || subscription_group || ' has no date: changed_at is missing or no time'
    end)
{%- endmacro %}


{# Now, in UTC; or the end of the demo's today, where that is later. #}
{% macro latest_moment() -%}
    {%- if var('as_of_date', none) -%}
        greatest(
            {{ braze_bridge.utc_now() }},
            cast({{ braze_bridge.as_of_date() }} as datetime) + interval '1 day'
        )
    {%- else -%}
        {{ braze_bridge.utc_now() }}
    {%- endif -%}
{%- endmacro %}


{% macro utc_now() -%}
    {{- adapter.dispatch('utc_now', 'braze_bridge')() -}}
{%- endmacro %}

{% macro default__utc_now() -%}
    sysdate()
{%- endmacro %}

{% macro duckdb__utc_now() -%}
    timezone('UTC', now())
{%- endmacro %}
