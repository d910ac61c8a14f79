with

seeded_changes as (

    select * from {{ ref('stg_braze__subscription_changes') }}

),

currents_changes as (

    select *
    from {{ ref('stg_currents__subscription_changes') }}
    where set_aside is null

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
        on changes.subscription_group_id = groups.subscription_group_id
    where changes.external_id is not null

),

{# Of a yes and a no of the same second the no counts. #}
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
            order by changed_at desc, state desc, change_id
        ) = 1

)

select * from latest
