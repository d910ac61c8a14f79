with

audiences as (

    select * from {{ ref('audiences') }}

),

candidates as (

    select * from {{ ref('audience_candidates') }}

)

select
    audiences.audience_id,
    audiences.label,
    count(case when not candidates.is_held_out then 1 end) as count_members,
    count(case when candidates.is_held_out then 1 end) as count_held_out
from audiences
left join candidates
    on audiences.audience_id = candidates.audience_id
group by all
