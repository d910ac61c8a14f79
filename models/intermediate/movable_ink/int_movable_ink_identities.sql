with

activities as (

    select * from {{ ref('int_movable_ink_activities') }}

),

{# A device may be shared: an anonymous id can be several people's, one after the other. #}
aggregated as (

    select
        anonymous_id,
        user_id,
        min(occurred_at) as identified_at
    from activities
    where anonymous_id is not null and user_id is not null
    group by all

)

select * from aggregated
