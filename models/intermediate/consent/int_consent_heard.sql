with

seeded_changes as (

    select * from {{ ref('stg_braze__subscription_changes') }}

),

channels as (

    select 'email' as channel
    union all
    select 'push' as channel

),

{# Which channel a no without one meant is not known: it is a no to both. #}
currents_changes as (

    select
        changes.change_id,
        changes.user_id,
        changes.external_id,
        changes.email,
        changes.subscription_group_id,
        coalesce(changes.channel, channels.channel) as channel,
        changes.state,
        changes.changed_at
    from {{ ref('stg_currents__subscription_changes') }} as changes
    left join channels
        on changes.channel is null and changes.subscription_group_id is null
    where changes.set_aside is null

),

users as (

    select * from {{ ref('int_currents_users') }}

),

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

groups as (

    select *
    from {{ ref('braze_subscription_groups') }}
    where environment = '{{ subscription_environment() }}'

),

{# A no holds for whoever that user is now (Braze knew no external_id then, or another, or
   merged the user since), and for whoever has the address. A yes is nobody's but the
   sayer's. #}
refusals as (

    select *
    from currents_changes
    where state = 'unsubscribed'

),

changes as (

    select change_id, external_id, subscription_group_id, channel, state, changed_at
    from seeded_changes
    union all
    select change_id, external_id, subscription_group_id, channel, state, changed_at
    from currents_changes
    union all
    select
        refusals.change_id,
        users.external_id,
        refusals.subscription_group_id,
        refusals.channel,
        refusals.state,
        refusals.changed_at
    from refusals
    inner join users
        on refusals.user_id = users.user_id
    union all
    select
        refusals.change_id,
        customers.external_id,
        refusals.subscription_group_id,
        refusals.channel,
        refusals.state,
        refusals.changed_at
    from refusals
    inner join customers
        on refusals.email = customers.email
    where refusals.channel = 'email'

),

{# A change without a group's id is one of the whole channel. #}
named as (

    select
        changes.change_id,
        changes.external_id,
        case
            when changes.subscription_group_id is null then changes.channel
            else groups.group_name
        end as subscription_group,
        changes.state,
        changes.changed_at
    from changes
    left join groups
        on lower(changes.subscription_group_id) = lower(groups.subscription_group_id)
    where changes.external_id is not null

),

{# Of a yes and a no of the same second the no counts: Braze tells no more than seconds. #}
latest as (

    select
        external_id,
        subscription_group,
        state,
        changed_at
    from named
    where
        subscription_group is not null
        and state in ('opted_in', 'subscribed', 'unsubscribed')
    qualify
        row_number() over (
            partition by external_id, subscription_group
            order by date_trunc('second', changed_at) desc, state desc, change_id
        ) = 1

)

select * from latest
