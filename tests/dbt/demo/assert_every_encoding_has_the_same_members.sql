{#
    Protects whoever changes the encoding: flags, lists, groups and cohorts say the same
    of the same people, and nobody of a control group is in any of them.
#}
with

members as (

    select * from {{ ref('audience_members') }}

),

flags as (

    select * from {{ ref('braze_audience_flags') }}

),

lists as (

    select * from {{ ref('braze_audience_lists') }}

),

groups as (

    select * from {{ ref('braze_audience_groups') }}

),

cohorts as (

    select * from {{ ref('braze_cohort_members') }}

),

encoded as (

    {% for audience in audiences() -%}
    select 'flags' as encoding, '{{ audience.id }}' as audience_id, external_id
    from flags
    where audience_{{ audience.id }}
    union all
    select 'groups' as encoding, '{{ audience.id }}' as audience_id, external_id
    from groups
    where subscription_group = 'audience_{{ audience.id }}' and state = 'subscribed'
    union all
    {% endfor -%}
    {% if target.type == 'snowflake' -%}
    select 'lists' as encoding, cast(member.value as varchar), lists.external_id
    from lists, lateral flatten(input => lists.audiences) as member
    {%- else -%}
    select 'lists' as encoding, unnest(audiences) as audience_id, external_id
    from lists
    {%- endif %}
    union all
    select 'cohorts' as encoding, cohort_id as audience_id, external_id
    from cohorts

),

encodings as (

    select distinct encoding from encoded

),

expected as (

    select encodings.encoding, members.audience_id, members.external_id
    from members
    cross join encodings

)

select 'missing' as mistake, missing.*
from (select * from expected except select * from encoded) as missing
union all
select 'too many' as mistake, superfluous.*
from (select * from encoded except select * from expected) as superfluous
union all
select 'held out' as mistake, 'holdouts', holdouts.audience_id, holdouts.external_id
from {{ ref('audience_holdouts') }} as holdouts
inner join members
    on
        holdouts.audience_id = members.audience_id
        and holdouts.external_id = members.external_id
union all
select 'no encoding' as mistake, count_encodings || ' of 4', null, null
from (select count(*) as count_encodings from encodings) as counts
where count_encodings <> 4
