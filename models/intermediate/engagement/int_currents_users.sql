with

sightings as (

    {{ currents_sightings() | indent(4) }}

),

merged_users as (

    {{ currents_merged_users() | indent(4) }}

),

{# An external_id can be renamed: the last one counts. #}
known_users as (

    select *
    from sightings
    qualify
        row_number() over (
            partition by user_id
            order by last_seen_at desc, external_id
        ) = 1

),

{# A survivor may have been seen by its merges alone. #}
users as (

    select user_id from known_users
    union
    select user_id from merged_users
    union
    select survivor_id from merged_users

),

survivors as (

    select
        users.user_id,
        coalesce(merged_users.survivor_id, users.user_id) as surviving_user_id
    from users
    left join merged_users
        on users.user_id = merged_users.user_id

),

{# The survivor's own id, or that of the last of those who became the survivor. #}
named_survivors as (

    select
        survivors.surviving_user_id,
        known_users.external_id
    from survivors
    inner join known_users
        on survivors.user_id = known_users.user_id
    qualify
        row_number() over (
            partition by survivors.surviving_user_id
            order by
                case when survivors.user_id = survivors.surviving_user_id then 0 else 1 end,
                known_users.last_seen_at desc,
                known_users.external_id
        ) = 1

),

joined as (

    select
        survivors.user_id,
        survivors.surviving_user_id,
        named_survivors.external_id
    from survivors
    left join named_survivors
        on survivors.surviving_user_id = named_survivors.surviving_user_id

)

select * from joined
