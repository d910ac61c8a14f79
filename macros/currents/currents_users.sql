{# Which external_id Braze saw with which of its users, and when: user_id, external_id,
   occurred_at. Read from the types that models read and from two that most projects have
   (sessions, profile updates). #}
{% macro currents_sightings() -%}
    {%- set event_types = [
        'users.profile.Update', 'users.behaviors.app.SessionStart',
        'users.behaviors.CustomEvent', 'users.behaviors.Purchase',
        'users.behaviors.subscription.GlobalStateChange',
        'users.behaviors.subscriptiongroup.StateChange',
    ] + braze_bridge.currents_message_actions().keys() | list -%}
    {%- for event_type in braze_bridge.currents_loaded(event_types) %}
select
    user_id,
    external_user_id as external_id,
    {{ braze_bridge.currents_moment('time') }} as occurred_at
from (
    {{ braze_bridge.currents_events(event_type) | indent(4) }}
) as events
where
    user_id is not null
    and external_user_id <> ''
    and {{ braze_bridge.currents_set_aside('time') }} is null
{% if not loop.last %}union all{% endif %}
    {%- endfor %}
{%- endmacro %}


{# Users whose profiles were deleted in Braze, by whomever: user_key ('external_id:c1' or
   'braze_id:...') and deleted_at. Braze names its own user_id alone, so an external_id is
   known where an event told it, and is the user's unless another one had taken it over. #}
{% macro currents_deleted_users() -%}
    {%- set event_type = 'users.UserDeleteRequest' -%}
with deletions as (

    select
        user_id,
        min({{ braze_bridge.currents_moment('time') }}) as deleted_at
    from (
        {{ braze_bridge.currents_events(event_type) | indent(8) }}
    ) as events
    where user_id is not null and {{ braze_bridge.currents_set_aside('time') }} is null
    group by user_id

),

sightings as (

    {{ braze_bridge.currents_sightings() | indent(4) }}

),

named_deletions as (

    select
        deletions.user_id,
        deletions.deleted_at,
        max_by(sightings.external_id, sightings.occurred_at) as external_id
    from deletions
    inner join sightings on deletions.user_id = sightings.user_id
    group by deletions.user_id, deletions.deleted_at

),

last_holders as (

    select
        named_deletions.external_id,
        named_deletions.user_id,
        named_deletions.deleted_at,
        max_by(sightings.user_id, sightings.occurred_at) as holder
    from named_deletions
    left join sightings
        on
            named_deletions.external_id = sightings.external_id
            and sightings.occurred_at <= named_deletions.deleted_at
    group by
        named_deletions.external_id, named_deletions.user_id, named_deletions.deleted_at

)

select
    {{ braze_bridge.user_key('external_id') }} as user_key,
    min(deleted_at) as deleted_at
from last_holders
where coalesce(holder, user_id) = user_id
group by external_id
union all
select
    {{ braze_bridge.user_key('braze_id', 'user_id') }} as user_key,
    deleted_at
from deletions
{%- endmacro %}


{# A hook of ledger_suppressed_users: after each build it knows whom Braze has deleted, so
   that no plan makes them again. Who is in it already stays as he is. #}
{% macro suppress_deleted_users(ledger) -%}
    {%- if braze_bridge.currents_relation('users.UserDeleteRequest') -%}
insert into {{ ledger }} (user_hash, run_id, suppressed_at, deleted_at)
select user_hash, 'currents', {{ braze_bridge.run_time() }}, deleted_at
from (
    select
        {{ braze_bridge.user_hash('user_key') }} as user_hash,
        deleted_at
    from (
        {{ braze_bridge.currents_deleted_users() | indent(8) }}
    ) as deleted_users
) as hashed_users
where user_hash not in (select user_hash from {{ ledger }} where user_hash is not null)
    {%- endif -%}
{%- endmacro %}
