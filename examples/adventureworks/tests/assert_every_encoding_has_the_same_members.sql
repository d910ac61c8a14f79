{#
    Protects whoever changes the encoding: flags, lists, groups and cohorts say the same
    of the same people.
#}
with

members as (

    select * from {{ ref('adventureworks_audience_members') }}

),

flags as (

    select * from {{ ref('adventureworks_audience_flags') }}

),

groups as (

    select * from {{ ref('adventureworks_audience_groups') }}

),

encoded as (

    {% for audience in braze_bridge.audiences() -%}
    select 'flags' as encoding, '{{ audience.id }}' as audience_id, external_id
    from flags
    where audience_{{ audience.id }}
    union all
    select 'groups' as encoding, '{{ audience.id }}' as audience_id, external_id
    from groups
    where subscription_group = 'audience_{{ audience.id }}' and state = 'subscribed'
    union all
    {% endfor -%}
    select 'lists' as encoding, unnest(audiences) as audience_id, external_id
    from {{ ref('adventureworks_audience_lists') }}
    union all
    select 'cohorts' as encoding, cohort_id as audience_id, external_id
    from {{ ref('adventureworks_cohort_members') }}

),

told as (

    select
        audience_id,
        external_id,
        count(distinct encoding) as count_encodings
    from encoded
    group by all

)

select
    coalesce(members.audience_id, told.audience_id) as audience_id,
    coalesce(members.external_id, told.external_id) as external_id
from members
full outer join told
    on
        members.audience_id = told.audience_id
        and members.external_id = told.external_id
where members.external_id is null or told.count_encodings is distinct from 4
