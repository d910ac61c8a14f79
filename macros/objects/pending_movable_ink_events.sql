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
    sends the others, too. Of a person the identify rows go first. Of what was not sent
    30 days after it happened each row has a problem, so that nothing is lost in silence.
#}
{% macro pending_movable_ink_events(mart, key='event_key', known_emails=none) -%}
    {%- set users = braze_bridge.sync_option('users', 'known') -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.movable_ink_mart(mart, key),
        row_key=key,
        prepared=braze_bridge.prepared_movable_ink_events(known_emails),
        due="nullif(user_id, '') is not null" if users == 'known' else none,
        parts={
            'payload': braze_bridge.movable_ink_payload(),
            'row_json': braze_bridge.kept_movable_ink_event(),
            'problem': braze_bridge.movable_ink_problem(),
            'user_key': braze_bridge.movable_ink_person(),
            'sort_key': "case when event = 'identify' then '0' else '1' end || _milliseconds",
            'adoptable': 'true',
        },
        once=true,
    ) -}}
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
        {% if known_emails -%}
        lower(offered_rows.anonymous_id) in (
            {{ braze_bridge.email_hashes(known_emails) }}
        )
        {%- else -%}
        false
        {%- endif %} as _is_email_hash
    from offered_rows
    left join (
        select distinct time_zone from {{ ref('braze_time_zones') }}
    ) as zones
        on offered_rows.timezone = zones.time_zone
    left join (
        select distinct identified_id from ({{ braze_bridge.sent_identities() }}) as pairs
    ) as identified_ids
        on offered_rows.anonymous_id = identified_ids.identified_id
    left join ({{ braze_bridge.sent_identities() }}) as identified_pairs
        on offered_rows.anonymous_id = identified_pairs.identified_id
        and offered_rows.user_id = identified_pairs.identified_as
{%- endmacro %}


{# Every pair of ids that an identify has said, or is about to say. #}
{% macro sent_identities() -%}
        select
            anonymous_id as identified_id,
            user_id as identified_as
        from mart_rows
        where event = 'identify'
        union
        select
            {{ braze_bridge.json_member('row_json', 'anonymous_id') }},
            {{ braze_bridge.json_member('row_json', 'user_id') }}
        from sent_rows
        where starts_with(row_json, '{"event":"identify",')
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
    || ',"timestamp":' || coalesce(cast(_milliseconds as varchar), 'null')
    || ',"timezone":' || coalesce({{ braze_bridge.json_text('timezone') }}, 'null')
    || case
        when event is distinct from 'identify'
            then ',"properties":' || coalesce(_properties, 'null')
        else ''
    end
    || '}'
{%- endmacro %}


{# What the ledger keeps: enough to find the event again, and none of its properties. The
   event stands first: sent_identities() looks for it there. #}
{% macro kept_movable_ink_event() -%}
    '{"event":' || coalesce({{ braze_bridge.json_text('event') }}, 'null')
    || coalesce(',"user_id":' || {{ braze_bridge.json_text("nullif(user_id, '')") }}, '')
    || coalesce(
        ',"anonymous_id":' || {{ braze_bridge.json_text("nullif(anonymous_id, '')") }}, ''
    )
    || ',"timestamp":' || coalesce(cast(_milliseconds as varchar), 'null') || '}'
{%- endmacro %}
