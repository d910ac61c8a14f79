with recursive

sightings as (

    {{ currents_sightings() | indent(4) }}

),

orphans as (

    select
        user_id,
        orphaned_by_id as survivor_id
    from (
        {{ currents_events('users.UserOrphan', {'orphaned_by_id': 'varchar'}) | indent(8) }}
    ) as events
    where user_id <> orphaned_by_id and {{ currents_set_aside('time') }} is null
    qualify row_number() over (partition by user_id order by time desc, id) = 1

),

{# A survivor may be orphaned in its turn; twenty steps, since two may name each other. #}
survivors as (

    select
        user_id,
        survivor_id,
        1 as step
    from orphans
    union all
    select
        survivors.user_id,
        orphans.survivor_id,
        survivors.step + 1 as step
    from survivors
    inner join orphans
        on survivors.survivor_id = orphans.user_id
    where survivors.step < 20

),

last_survivors as (

    select
        user_id,
        max_by(survivor_id, step) as survivor_id
    from survivors
    group by user_id

),

{# An external_id can be renamed: the last one counts. #}
known_users as (

    select
        user_id,
        max_by(external_id, occurred_at) as external_id
    from sightings
    group by user_id

),

users as (

    select user_id from known_users
    union
    select user_id from last_survivors

),

joined as (

    select
        users.user_id,
        coalesce(last_survivors.survivor_id, users.user_id) as surviving_user_id,
        coalesce(survivors_known.external_id, known_users.external_id) as external_id
    from users
    left join last_survivors
        on users.user_id = last_survivors.user_id
    left join known_users
        on users.user_id = known_users.user_id
    left join known_users as survivors_known
        on last_survivors.survivor_id = survivors_known.user_id

)

select * from joined
