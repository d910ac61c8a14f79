with

members as (

    select * from {{ ref('audience_members') }}

),

counts as (

    select
        audience_id,
        count(*) as count_members
    from members
    group by all

),

{# Each pair in both directions: the share is of the first audience. #}
pairs as (

    select
        members.audience_id,
        others.audience_id as other_audience_id,
        count(*) as count_shared_members
    from members
    inner join members as others
        on
            members.external_id = others.external_id
            and members.audience_id <> others.audience_id
    group by all

)

select
    pairs.audience_id,
    pairs.other_audience_id,
    pairs.count_shared_members,
    round(cast(pairs.count_shared_members as double) / counts.count_members, 4)
        as share_of_members
from pairs
inner join counts
    on pairs.audience_id = counts.audience_id
