with

audiences as (

    select * from {{ ref('adventureworks_audiences') }}

),

members as (

    select * from {{ ref('adventureworks_audience_members') }}

)

select
    members.audience_id as cohort_id,
    audiences.label as cohort_name,
    members.external_id
from members
inner join audiences
    on members.audience_id = audiences.audience_id
