with

memberships as (

    select * from {{ ref('adventureworks_audience_memberships') }}

),

{# Who left and came back has several memberships: the last one counts. #}
last_memberships as (

    select *
    from memberships
    qualify
        row_number() over (
            partition by audience_id, external_id
            order by entered_at desc
        ) = 1

)

select
    external_id,
    'audience_' || audience_id as subscription_group,
    case when left_at is null then 'subscribed' else 'unsubscribed' end as state,
    coalesce(left_at, entered_at) as consented_at
from last_memberships
