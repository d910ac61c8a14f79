with

campaigns as (

    {% for each in var('lift_campaigns') -%}
    select
        '{{ each.campaign }}' as campaign_id,
        '{{ each.audience }}' as audience_id,
        {{ each.days }} as days
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as audience_id,
        cast(null as integer) as days
    where false
    {%- endfor %}

),

message_events as (

    select * from {{ ref('engagement_message_events') }}

),

{# The first that Braze tells of a campaign is its beginning, for both groups. #}
periods as (

    select
        campaigns.campaign_id,
        campaigns.audience_id,
        min(message_events.occurred_at) as started_at,
        {{ dbt.dateadd('day', 'campaigns.days', 'min(message_events.occurred_at)') }} as ended_at
    from campaigns
    inner join message_events
        on campaigns.campaign_id
            = coalesce(message_events.campaign_id, message_events.canvas_id)
    group by campaigns.campaign_id, campaigns.audience_id, campaigns.days

),

stays as (

    select *, false as is_held_out from {{ ref('audience_memberships') }}
    union all
    select *, true as is_held_out from {{ ref('audience_holdout_memberships') }}

),

{# Everybody who was in the audience when it began, whether the message reached them or
   not: those whom it reached are not like those held out. #}
people as (

    select distinct
        periods.*,
        stays.external_id,
        stays.is_held_out
    from periods
    inner join stays
        on
            periods.audience_id = stays.audience_id
            and periods.started_at >= stays.entered_at
            and (stays.left_at is null or periods.started_at < stays.left_at)

),

purchases as (

    select * from {{ ref('int_orders_purchased') }}

),

revenues as (

    select
        people.campaign_id,
        people.audience_id,
        people.started_at,
        people.ended_at,
        people.is_held_out,
        people.external_id,
        cast(coalesce(sum(purchases.order_amount), 0) as double) as revenue
    from people
    left join purchases
        on
            people.external_id = purchases.external_id
            and purchases.ordered_at >= people.started_at
            and purchases.ordered_at < people.ended_at
    group by all

),

groups as (

    select
        campaign_id,
        audience_id,
        started_at,
        ended_at,
        count(case when not is_held_out then 1 end) as count_members,
        count(case when is_held_out then 1 end) as count_held_out,
        avg(case when not is_held_out then revenue end) as revenue_per_member,
        avg(case when is_held_out then revenue end) as revenue_per_held_out,
        var_samp(case when not is_held_out then revenue end) as member_variance,
        var_samp(case when is_held_out then revenue end) as held_out_variance
    from revenues
    group by all

)

select
    campaign_id,
    audience_id,
    started_at,
    ended_at,
    ended_at <= {{ as_of_date() }} as is_over,
    count_members,
    count_held_out,
    round(revenue_per_member, 4) as revenue_per_member,
    round(revenue_per_held_out, 4) as revenue_per_held_out,
    round(revenue_per_member - revenue_per_held_out, 4) as lift_per_member,
    round(
        sqrt(
            member_variance / nullif(count_members, 0)
            + held_out_variance / nullif(count_held_out, 0)
        ),
        4
    ) as standard_error,
    round((revenue_per_member - revenue_per_held_out) * count_members, 2)
        as incremental_revenue
from groups
