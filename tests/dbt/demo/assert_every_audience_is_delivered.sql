{#
    Protects the new audience that was forgotten in audience_candidates, and the stay that
    was counted twice. A member without a profile would be made one by a flag.
#}
{% set delivered = graph.nodes['model.braze_bridge.audience_candidates'].depends_on.nodes
    if execute else [] %}
with

memberships as (

    select * from {{ ref('audience_memberships') }}

),

members as (

    select * from {{ ref('audience_members') }}

),

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

),

open_memberships as (

    select
        audience_id,
        external_id
    from memberships
    where left_at is null

)

{% for audience in audiences() if audience.unique_id not in delivered -%}
select '{{ audience.model }} is not in audience_candidates' as mistake
union all
{% endfor -%}
select 'a member without an open membership, or the reverse' as mistake
from members
full outer join open_memberships
    on
        members.audience_id = open_memberships.audience_id
        and members.external_id = open_memberships.external_id
where members.external_id is null or open_memberships.external_id is null
union all
select 'two open memberships' as mistake
from open_memberships
group by audience_id, external_id
having count(*) > 1
union all
select 'a member who is no customer' as mistake
from members
left join attributes
    on members.external_id = attributes.external_id
where attributes.external_id is null
