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
        changes.changed_at,
        {# Not by the API, by which our own writes come as well. #}
        coalesce(changes.source not like '%rest%' and changes.source not like '%api%', false)
            as is_own
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

    select
        change_id,
        external_id,
        subscription_group_id,
        channel,
        state,
        changed_at,
        false as is_own
    from seeded_changes
    union all
    select change_id, external_id, subscription_group_id, channel, state, changed_at, is_own
    from currents_changes
    union all
    select
        refusals.change_id,
        users.external_id,
        refusals.subscription_group_id,
        refusals.channel,
        refusals.state,
        refusals.changed_at,
        refusals.is_own
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
        refusals.changed_at,
        refusals.is_own
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
        date_trunc('second', changes.changed_at) as said_second,
        changes.changed_at,
        changes.is_own
    from changes
    left join groups
        on lower(changes.subscription_group_id) = lower(groups.subscription_group_id)
    where changes.external_id is not null

),

understood as (

    select
        *,
        max(case when state <> 'unsubscribed' and is_own then said_second end) over (
            partition by external_id, subscription_group
        ) as own_yes_second
    from named
    where
        subscription_group is not null
        and state in ('opted_in', 'subscribed', 'unsubscribed')

),

{# A yes that came by the API may be our own echo, and then it takes no no back: which is
   left to the sync, that knows what was sent. Braze tells no more than seconds, and of the
   same second the no counts. #}
latest as (

    select
        external_id,
        subscription_group,
        state,
        changed_at
    from understood
    where not coalesce(state = 'unsubscribed' and said_second < own_yes_second, false)
    qualify
        row_number() over (
            partition by external_id, subscription_group, state
            order by said_second desc, change_id
        ) = 1

)

select * from latest
