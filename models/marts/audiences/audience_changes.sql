with

memberships as (

    select * from {{ ref('audience_memberships') }}

),

changes as (

    select
        audience_id,
        cast(entered_at as date) as changed_on,
        1 as entered,
        0 as gone
    from memberships
    union all
    select
        audience_id,
        cast(left_at as date) as changed_on,
        0 as entered,
        1 as gone
    from memberships
    where left_at is not null

),

days as (

    select
        audience_id,
        changed_on,
        cast(sum(entered) as bigint) as count_entered,
        cast(sum(gone) as bigint) as count_left
    from changes
    group by all

)

select
    audience_id,
    changed_on,
    count_entered,
    count_left,
    cast(sum(count_entered - count_left) over (
        partition by audience_id
        order by changed_on
    ) as bigint) as count_members
from days
