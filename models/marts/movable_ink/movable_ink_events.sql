with

{# Movable Ink takes 30 days; the others are there for what waited longer to be listed. #}
activities as (

    select * from {{ ref('int_movable_ink_activities_stitched') }}
    where occurred_at >= {{ as_of_date() }} - interval '45 days'

),

{# One for each pair, dated as the first event that carries it. #}
introductions as (

    select
        'identify/' || anonymous_id || '/' || user_id as event_key,
        'identify' as event,
        user_id,
        anonymous_id,
        occurred_at,
        timezone
    from activities
    where anonymous_id is not null and user_id is not null
    qualify
        row_number() over (
            partition by anonymous_id, user_id order by occurred_at, event_key
        ) = 1

),

unioned as (

    select
        event_key,
        event,
        user_id,
        anonymous_id,
        occurred_at,
        timezone,
        properties
    from activities
    union all
    select
        event_key,
        event,
        user_id,
        anonymous_id,
        occurred_at,
        timezone,
        null as properties
    from introductions

)

select * from unioned
