with

activities as (

    select * from {{ ref('int_movable_ink_activities') }}

),

identities as (

    select * from {{ ref('int_movable_ink_identities') }}

),

{# Who does not say who they are was last the person that the anonymous id was before, or
   the first one that it ever was: once it is somebody's, no event of it goes without. #}
stitched as (

    select
        activities.event_key,
        activities.event,
        coalesce(activities.user_id, identities.user_id) as user_id,
        activities.anonymous_id,
        activities.occurred_at,
        activities.timezone,
        activities.properties
    from activities
    left join identities
        on activities.anonymous_id = identities.anonymous_id
        and activities.user_id is null
    qualify
        row_number() over (
            partition by activities.event_key
            order by
                case when identities.identified_at <= activities.occurred_at then 0 else 1 end,
                case
                    when identities.identified_at <= activities.occurred_at
                        then identities.identified_at
                end desc,
                identities.identified_at,
                identities.user_id
        ) = 1

)

select * from stitched
