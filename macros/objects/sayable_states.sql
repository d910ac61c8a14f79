{#
    The states of the mart that are newer than the last word, as a select in parentheses.
    The last word on a user and group is the later of what Braze said (`heard`) and what we
    sent. Of the same second it is the no, and of two yeses Braze's. A state that equals the
    last word is not said again, one that is not newer is not said at all.

    Until a day after we sent a yes, Braze may take it, and tells it with the date of then.
    A yes that Braze dates before that may be our own echo, and counts from the consent that
    we sent: it outlives no change of mind. A later no that Braze dates before that may have
    been overwritten by ours: it is sent, whatever the mart says, unless that is later still.

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

    {# A full resync empties the hash: what was sent is to be sent again, but was sent.
       History that was adopted has no sent_at: Braze was told nothing. #}
    sent_states as (

        select
            *,
            coalesce({{ braze_bridge.read_iso_time('_consented_at') }}, sent_at) as _sent_from,
            case
                when _sent_state <> 'unsubscribed' then sent_at + interval '1 day'
            end as _taken_until
        from (
            select
                row_key as _sent_key,
                row_hash <> '' as _is_said,
                {{ braze_bridge.json_member('row_json', 'state') }} as _sent_state,
                {{ braze_bridge.json_member('row_json', 'consented_at') }} as _consented_at,
                sent_at
            from {{ ref('ledger_sent_rows') }}
            where sync = '{{ braze_bridge.sync_name() }}'
        ) as sent_rows

    ),

    told_states as (

        {% if heard -%}
        select
            {{ braze_bridge.subscription_key(user) }} as _heard_key,
            {{ braze_bridge.heard_state('state') }} as _heard_state,
            {{ braze_bridge.said_moment('changed_at') }} as _told_at
        from {{ heard }}
        {%- else -%}
        select
            cast(null as varchar) as _heard_key,
            cast(null as varchar) as _heard_state,
            cast(null as datetime) as _told_at
        where false
        {%- endif %}

    ),

    dated_states as (

        select
            _heard_key,
            _heard_state,
            case
                when
                    _heard_state <> 'unsubscribed'
                    and coalesce(_told_at, _sent_from) between _sent_from and _taken_until
                    then _sent_from
                else _told_at
            end as _heard_at,
            _heard_state = 'unsubscribed'
            and {{ braze_bridge.is_later_word('_heard_state', '_told_at', '_sent_from') }}
            and _told_at <= _taken_until as _is_overwritten
        from told_states
        left join sent_states on _heard_key = _sent_key

    ),

    {# A word without a readable date may be the last one: it goes before those with one. #}
    heard_states as (

        select *
        from dated_states
        qualify
            row_number() over (
                partition by _heard_key
                order by
                    case when _heard_at is null then 0 else 1 end,
                    date_trunc('second', _heard_at) desc,
                    _heard_state desc nulls last
            ) = 1

    ),

    words as (

        select
            states.*,
            _heard_state,
            _heard_at,
            coalesce(_is_overwritten, false) as _is_overwritten,
            _sent_state,
            _sent_from,
            _heard_key is not null or _sent_key is not null as _has_word,
            _heard_key is not null
            and (
                _sent_key is null
                or _heard_at is null
                or not {{ braze_bridge.is_later_word('_sent_state', '_sent_from', '_heard_at') }}
            ) as _is_heard
        from states
        left join heard_states on _state_key = _heard_key
        left join sent_states on _state_key = _sent_key and _is_said

    ),

    last_words as (

        select
            *,
            case when _is_heard then _heard_state else _sent_state end as _last_state,
            case when _is_heard then _heard_at else _sent_from end as _last_at
        from words

    ),

    judged_words as (

        select
            *,
            {{ braze_bridge.is_later_word('state', 'consented_at', '_last_at') }} as _is_later,
            _is_overwritten
            and _count_rows = 1
            and not coalesce(state <> 'unsubscribed' and _is_later, false) as _is_repeated_no
        from last_words

    ),

    sayable as (

        select
            {{ user }},
            subscription_group,
            _count_rows,
            _has_word,
            _last_state,
            _last_at,
            case when _is_repeated_no then _last_state else state end as state,
            case when _is_repeated_no then _last_at else consented_at end as consented_at,
            _has_date or _is_repeated_no as _has_date
        from judged_words
        where
            _count_rows > 1
            or not _has_word
            or _is_repeated_no
            or (state is distinct from _last_state and coalesce(_is_later, true))

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
    from sayable
    left join group_ids on subscription_group = _group_name
    left join reaches on {{ user }} = _address
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
