{# Users whose profiles were deleted in Braze, by whomever: user_key ('external_id:c1' or
   'braze_id:...') and deleted_at. Braze names its own user_id alone. The user's external_ids
   are those that any event told of the user or of whoever was merged into the user, old
   ones too; but an id is another's whom Braze has not deleted and has seen with it since. #}
{% macro currents_deleted_users() -%}
with deletions as (

    select
        user_id,
        min({{ braze_bridge.currents_moment('time') }}) as deleted_at
    from (
        {{ braze_bridge.currents_events('users.UserDeleteRequest') | indent(8) }}
    ) as events
    where user_id <> '' and {{ braze_bridge.currents_set_aside('time') }} is null
    group by user_id

),

merged_users as (

    {{ braze_bridge.currents_merged_users() | indent(4) }}

),

sightings as (

    select
        coalesce(merged_users.survivor_id, sightings.user_id) as user_id,
        sightings.external_id,
        min(sightings.first_seen_at) as first_seen_at,
        max(sightings.last_seen_at) as last_seen_at
    from (
        {{ braze_bridge.currents_sightings() | indent(8) }}
    ) as sightings
    left join merged_users
        on sightings.user_id = merged_users.user_id
    group by all

),

named_deletions as (

    select
        sightings.external_id,
        deletions.deleted_at,
        least(sightings.last_seen_at, deletions.deleted_at) as last_seen_at
    from deletions
    inner join sightings
        on deletions.user_id = sightings.user_id

),

living_users as (

    select sightings.*
    from sightings
    left join deletions
        on sightings.user_id = deletions.user_id
    where deletions.user_id is null

)

select
    {{ braze_bridge.user_key('external_id', 'named_deletions.external_id') }} as user_key,
    min(named_deletions.deleted_at) as deleted_at
from named_deletions
left join living_users
    on
        named_deletions.external_id = living_users.external_id
        and named_deletions.last_seen_at <= living_users.last_seen_at
        and named_deletions.deleted_at >= living_users.first_seen_at
where living_users.user_id is null
group by named_deletions.external_id
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
