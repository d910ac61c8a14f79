{#
    The events of a mart that Movable Ink has not been sent: one event a row, each key
    once, whatever becomes of the row later.

    mart          columns: the key; event (product_viewed, ..., identify, or a name of your
                  own); user_id; anonymous_id; occurred_at (a timestamp, or epoch
                  milliseconds as a whole number); timezone (an IANA name); properties (a
                  struct or JSON, null for identify)
    key           the column that tells one event from another, for ever
    known_emails  a relation with the column email: an anonymous_id that is the hash of one
                  of them is a problem, since whoever guesses the address has the id

    `users: known` in meta.sync, the default, sends rows with a user_id alone; `users: all`
    sends the others, too. Nothing leaves with an anonymous_id of somebody who was erased.
    The identify rows go first, and are never adopted; an event with both ids waits until
    Movable Ink has accepted the identify of its pair. Of what was not sent 30 days after it
    happened each row has a problem, so that nothing is lost in silence; not so what was as
    old before the first push, which is history. An identify is never too old.
#}
{% macro pending_movable_ink_events(mart, key='event_key', known_emails=none) -%}
    {%- set users = braze_bridge.sync_option('users', 'known') -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.movable_ink_mart(mart, key),
        row_key=key,
        prepared=braze_bridge.prepared_movable_ink_events(known_emails),
        due=braze_bridge.movable_ink_due(users),
        parts={
            'payload': braze_bridge.movable_ink_payload(),
            'row_json': braze_bridge.kept_movable_ink_event(),
            'problem': braze_bridge.movable_ink_problem(),
            'user_key': braze_bridge.movable_ink_person(),
            'operation': "case when event = 'identify' then 'identify' else 'events' end",
            'scope': "nullif(anonymous_id, '') || ' ' || nullif(user_id, '')",
            'sort_key': '_milliseconds',
            'adoptable': "event is distinct from 'identify'",
            'waits': "case when event <> 'identify' and _is_introduced and not _may_follow "
                ~ "then 'the identify of its pair is unknown or was refused' end",
        },
        once=true,
    ) -}}
{%- endmacro %}


{# Whose visitor an anonymous id was is forgotten with them: nobody can tell whose such a row
   is, so it leaves under no id. History, too old before the first push, is not offered. #}
{% macro movable_ink_due(users) -%}
    {%- set earliest = braze_bridge.earliest_event() -%}
    coalesce({{ braze_bridge.user_hash("'anonymous_id:' || anonymous_id") }}, '')
        not in (select user_hash from suppressed_users)
        and not coalesce(
            event is distinct from 'identify'
            and _milliseconds >= 1000000000000
            and _milliseconds < {{ braze_bridge.epoch_milliseconds(
                'least(' ~ earliest ~ ', coalesce((' ~ braze_bridge.first_run()
                ~ ") - interval '30 days', " ~ earliest ~ '))'
            ) }},
            false
        )
    {%- if users == 'known' %}
        and nullif(user_id, '') is not null
    {%- endif %}
{%- endmacro %}


{# When the sync was first pushed; null before. #}
{% macro first_run() -%}
    select min(started_at)
    from {{ ref('ledger_runs') }}
    where sync = '{{ braze_bridge.sync_name() }}'
{%- endmacro %}


{# The mart for pending_objects. What lies ahead is ruled on here, in what is hashed: once
   its moment has come, the row is another one than the one set aside. #}
{% macro movable_ink_mart(mart, key) -%}
(
    select
        *,
        coalesce(
            _milliseconds > {{ braze_bridge.epoch_milliseconds(
                braze_bridge.latest_moment() ~ " + interval '5 minutes'"
            ) }},
            false
        ) as _is_ahead
    from (
        select
            *,
            {{ braze_bridge.as_milliseconds('occurred_at') }} as _milliseconds
        from {{ braze_bridge.mart_columns(mart, {
            key: 'varchar',
            'event': 'varchar',
            'user_id': 'varchar',
            'anonymous_id': 'varchar',
            'occurred_at': none,
            'timezone': 'varchar',
            'properties': none,
        }) }}
    )
)
{%- endmacro %}


{# Adds what is said of whom, so that the parts can look: which anonymous ids are somebody's
   by now, in the mart or by what was sent. #}
{% macro prepared_movable_ink_events(known_emails) -%}
    select
        offered_rows.*,
        {{ braze_bridge.properties_json('properties') }} as _properties,
        zones.time_zone is not null as _is_zone,
        identified_ids.identified_id is not null as _is_identified,
        identified_pairs.identified_id is not null as _is_introduced,
        coalesce(identified_pairs.is_said, 0) = 1 as _may_follow,
        {{ 'guessed_ids.guessed_id is not null' if known_emails else 'false' }} as _is_email_hash
    from offered_rows
    {%- if known_emails %}
    left join (
        select distinct lower(anonymous_id) as guessed_id
        from offered_rows
        where lower(anonymous_id) in (
            {{ braze_bridge.email_hashes(known_emails) }}
        )
    ) as guessed_ids
        on lower(offered_rows.anonymous_id) = guessed_ids.guessed_id
    {%- endif %}
    left join (
        select distinct time_zone from {{ ref('braze_time_zones') }}
    ) as zones
        on offered_rows.timezone = zones.time_zone
    left join (
        select distinct identified_id from ({{ braze_bridge.movable_ink_pairs() }}) as pairs
    ) as identified_ids
        on offered_rows.anonymous_id = identified_ids.identified_id
    left join ({{ braze_bridge.movable_ink_pairs() }}) as identified_pairs
        on offered_rows.anonymous_id = identified_pairs.identified_id
        and offered_rows.user_id = identified_pairs.identified_as
{%- endmacro %}


{# Every pair of ids that an identify says; one with half of them says none. `is_said` is 1 once it was accepted, or where it
   leaves with the next push, ahead of the events; not where it is parked or given up. #}
{% macro movable_ink_pairs() -%}
        select
            anonymous_id as identified_id,
            user_id as identified_as,
            max(is_said) as is_said
        from (
            select anonymous_id, user_id, 0 as is_said
            from mart_rows
            where event = 'identify'
            union all
            select anonymous_id, user_id, 1
            from offered_rows
            where event = 'identify'
            union all
            select
                {{ braze_bridge.json_member('row_json', 'anonymous_id') }},
                {{ braze_bridge.json_member('row_json', 'user_id') }},
                1
            from sent_rows
            where row_json like '{"event":"identify",%'
        ) as identifies
        where nullif(anonymous_id, '') is not null and nullif(user_id, '') is not null
        group by anonymous_id, user_id
{%- endmacro %}


{# Whose row it is: one person's rows leave in order, never two at once. Only what is known
   of a person can be compared with who was erased. #}
{% macro movable_ink_person() -%}
    case
        when nullif(user_id, '') is not null then 'external_id:' || user_id
        else 'anonymous_id:' || anonymous_id
    end
{%- endmacro %}


{# A null stands as null: the row has a problem then, and whoever reads the refusal sees the
   rest of it. #}
{% macro movable_ink_payload() -%}
    case
        when event = 'identify' then '{"type":"identify"'
        else '{"type":"track","event":' || coalesce({{ braze_bridge.json_text('event') }}, 'null')
    end
    || coalesce(',"user_id":' || {{ braze_bridge.json_text("nullif(user_id, '')") }}, '')
    || coalesce(
        ',"anonymous_id":' || {{ braze_bridge.json_text("nullif(anonymous_id, '')") }}, ''
    )
    || ',"timestamp":' || coalesce(cast({{ braze_bridge.movable_ink_timestamp() }} as varchar), 'null')
    || ',"timezone":' || coalesce({{ braze_bridge.json_text('timezone') }}, 'null')
    || case
        when event is distinct from 'identify'
            then ',"properties":' || coalesce(_properties, 'null')
        else ''
    end
    || '}'
{%- endmacro %}


{# When it happened. Whose a visitor is holds for ever, and events wait for it: an identify
   that is too old leaves with the first whole day that is not. Of a day and not of this
   moment, for a plan is known by its payloads. #}
{% macro movable_ink_timestamp() -%}
    {%- set earliest = braze_bridge.epoch_milliseconds(
        "date_trunc('day', " ~ braze_bridge.earliest_event() ~ ") + interval '1 day'"
    ) -%}
    case
        when event = 'identify' and _milliseconds >= 1000000000000
            then greatest(_milliseconds, {{ earliest }})
        else _milliseconds
    end
{%- endmacro %}


{# What the ledger keeps: enough to find the event again, and none of its properties. The
   event stands first: movable_ink_pairs() looks for it there. #}
{% macro kept_movable_ink_event() -%}
    '{"event":' || coalesce({{ braze_bridge.json_text('event') }}, 'null')
    || coalesce(',"user_id":' || {{ braze_bridge.json_text("nullif(user_id, '')") }}, '')
    || coalesce(
        ',"anonymous_id":' || {{ braze_bridge.json_text("nullif(anonymous_id, '')") }}, ''
    )
    || ',"timestamp":' || coalesce(cast({{ braze_bridge.movable_ink_timestamp() }} as varchar), 'null') || '}'
{%- endmacro %}
