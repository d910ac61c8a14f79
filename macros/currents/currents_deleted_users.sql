{# Users whose profiles were deleted in Braze, by whomever: user_key ('external_id:c1' or
   'braze_id:...') and deleted_at. Braze names its own user_id alone. The user's external_ids
   are those that any event told of the user or of whoever was merged into the user, old
   ones too; is_living where the id is another's now, whom Braze has not deleted, had seen
   with it by then, and saw no earlier than the deleted one. #}
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

deleted_ids as (

    select external_id
    from (
        {{ braze_bridge.currents_sightings("user_id in (
            select user_id from deletions
            union
            select merged_users.user_id
            from merged_users
            inner join deletions
                on merged_users.survivor_id = deletions.user_id
        )") | indent(8) }}
    ) as sightings
    group by external_id

),

sightings as (

    select
        coalesce(merged_users.survivor_id, sightings.user_id) as user_id,
        sightings.external_id,
        min(sightings.first_seen_at) as first_seen_at,
        max(sightings.last_seen_at) as last_seen_at
    from (
        {{ braze_bridge.currents_sightings(
            'external_user_id in (select external_id from deleted_ids)'
        ) | indent(8) }}
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
    max(case when living_users.user_id is null then named_deletions.deleted_at end)
        as deleted_at,
    count(*) = count(living_users.user_id) as is_living
from named_deletions
left join living_users
    on
        named_deletions.external_id = living_users.external_id
        and named_deletions.last_seen_at <= living_users.last_seen_at
        and named_deletions.deleted_at >= living_users.first_seen_at
group by named_deletions.external_id
union all
select
    {{ braze_bridge.user_key('braze_id', 'user_id') }} as user_key,
    deleted_at,
    false as is_living
from deletions
{%- endmacro %}


{# A hook of ledger_suppressed_users: after each build it knows whom Braze has deleted, so
   that no plan makes them again. Who is in it already stays as he is, and who was lifted
   stays so until Braze deletes him once more. #}
{% macro suppress_deleted_users(ledger) -%}
    {%- if braze_bridge.currents_relation('users.UserDeleteRequest') -%}
insert into {{ ledger }} (user_hash, run_id, suppressed_at, deleted_at)
select hashed_users.user_hash, 'currents', {{ braze_bridge.run_time() }}, hashed_users.deleted_at
from (
    select
        {{ braze_bridge.user_hash('user_key') }} as user_hash,
        deleted_at
    from (
        {{ braze_bridge.currents_deleted_users() | indent(8) }}
    ) as deleted_users
    where not is_living
) as hashed_users
left join {{ ledger }} as lifted_users
    on
        lifted_users.user_hash = 'lifted ' || hashed_users.user_hash
        and lifted_users.deleted_at >= hashed_users.deleted_at
where
    lifted_users.user_hash is null
    and hashed_users.user_hash not in (
        select user_hash from {{ ledger }} where user_hash is not null
    )
    {%- endif -%}
{%- endmacro %}


{# A hook of ledger_suppressed_users too: a file that came later may say that an id was
   another's already. Only that lifts what a build suppressed: events that are gone say
   nothing. #}
{% macro lift_living_users(ledger) -%}
    {%- if braze_bridge.currents_relation('users.UserDeleteRequest') -%}
delete from {{ ledger }}
where
    run_id = 'currents'
    and user_hash in (
        select {{ braze_bridge.user_hash('user_key') }}
        from (
            {{ braze_bridge.currents_deleted_users() | indent(12) }}
        ) as deleted_users
        where is_living
    )
    {%- endif -%}
{%- endmacro %}
