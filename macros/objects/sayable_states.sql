{#
    The states of the mart that are newer than the last word, as a select in parentheses.
    The last word on a user and group is the later of what Braze said (`heard`) and what we
    sent. Of the same second it is the no, and of two yeses Braze's. A state that equals the
    last word is not said again, one that is not newer is not said at all.

    A word of Braze's that repeats what we sent may be our own echo, dated when it arrived.
    For an unsubscription it counts from the consent that we sent, lest our own echo outlive
    a change of mind; in the other direction Braze's date stands.

    What has a problem comes out with it, and so does every row of a key that the mart has
    twice: the runner counts the keys that it sees.
#}
{% macro sayable_states(mart, user, groups, heard, profiles) -%}
{%- set is_counted = profiles and user != 'external_id' -%}
(
    with states as (

        select
            {{ braze_bridge.subscriber(user) }} as {{ user }},
            subscription_group,
            state,
            consented_at is not null as _has_date,
            {{ braze_bridge.said_moment('mart_states.consented_at') }} as consented_at,
            {{ braze_bridge.subscription_key(user) }} as _state_key,
            count(*) over (partition by {{ braze_bridge.subscription_key(user) }})
                as _count_rows
        from {{ mart }} as mart_states

    ),

    {# A word without a readable date may be the last one: it goes before those with one. #}
    heard_states as (

        {% if heard -%}
        select
            {{ braze_bridge.subscription_key(user) }} as _heard_key,
            {{ braze_bridge.heard_state('state') }} as _heard_state,
            {{ braze_bridge.said_moment('changed_at') }} as _heard_at
        from {{ heard }}
        qualify
            row_number() over (
                partition by {{ braze_bridge.subscription_key(user) }}
                order by
                    case when _heard_at is null then 0 else 1 end,
                    date_trunc('second', _heard_at) desc,
                    _heard_state desc
            ) = 1
        {%- else -%}
        select
            cast(null as varchar) as _heard_key,
            cast(null as varchar) as _heard_state,
            cast(null as timestamp) as _heard_at
        where false
        {%- endif %}

    ),

    {# A full resync has emptied the hashes: what was sent is to be sent again. #}
    said_states as (

        select
            row_key as _said_key,
            {{ braze_bridge.json_member('row_json', 'state') }} as _said_state,
            coalesce(
                try_cast({{ braze_bridge.json_member('row_json', 'consented_at') }} as timestamp),
                sent_at
            ) as _said_at
        from {{ ref('ledger_sent_rows') }}
        where sync = '{{ braze_bridge.sync_name() }}' and row_hash <> ''

    ),

    words as (

        select
            states.*,
            _heard_state,
            _heard_at,
            _said_state,
            _said_at,
            _heard_key is not null or _said_key is not null as _has_word,
            _heard_key is not null
            and (
                _said_key is null
                or _heard_at is null
                or not {{ braze_bridge.is_later_word('_said_state', '_said_at', '_heard_at') }}
            ) as _is_heard
        from states
        left join heard_states on _state_key = _heard_key
        left join said_states on _state_key = _said_key

    ),

    last_words as (

        select
            *,
            case when _is_heard then _heard_state else _said_state end as _last_state,
            case
                when not _is_heard then _said_at
                when state = 'unsubscribed' and _heard_state = _said_state then _said_at
                else _heard_at
            end as _last_at
        from words

    ),

    group_ids as (

        select
            group_name as _group_name,
            subscription_group_id as _group_id
        from {{ groups }}
        where environment = '{{ braze_bridge.subscription_environment() }}'

    ),

    reaches as (

        {% if is_counted -%}
        select {{ braze_bridge.subscriber(user) }} as _address, count(*) as _count_profiles
        from {{ profiles }}
        group by _address
        {%- else -%}
        select cast(null as varchar) as _address, cast(null as bigint) as _count_profiles
        where false
        {%- endif %}

    )

    select
        {{ user }},
        subscription_group,
        state,
        consented_at,
        _group_id,
        {{ 'coalesce(_count_profiles, 0)' if is_counted else '_count_profiles' }} as _reach,
        _count_rows,
        {{ braze_bridge.subscription_problem(user) }} as _problem
    from last_words
    left join group_ids on subscription_group = _group_name
    left join reaches on {{ user }} = _address
    where
        _count_rows > 1
        or not _has_word
        or (
            state is distinct from _last_state
            and {{ braze_bridge.is_later_word('state', 'consented_at', '_last_at') }}
                is not false
        )
)
{%- endmacro %}


{# Whether a state is a later word than another of that moment. Braze tells no more than
   seconds, and a no that may be the later one is: of the same second it counts. #}
{% macro is_later_word(state, moment, other_moment) -%}
    (case
        when {{ state }} = 'unsubscribed'
            then date_trunc('second', {{ moment }}) >= date_trunc('second', {{ other_moment }})
        else date_trunc('second', {{ moment }}) > date_trunc('second', {{ other_moment }})
    end)
{%- endmacro %}


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
            cast({{ braze_bridge.as_of_date() }} as timestamp) + interval '1 day'
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
