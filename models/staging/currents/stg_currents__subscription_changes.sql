{# Who unsubscribes by a link and who complains is told as an event of the message; both
   are a no to the whole channel. #}
{% set addresses = {'email_address': 'varchar'} -%}
{% set group_columns = {
    'email_address': 'varchar', 'channel': 'varchar', 'subscription_group_id': 'varchar',
    'subscription_status': 'varchar', 'state_change_source': 'varchar',
} -%}
{% set global_columns = {
    'email_address': 'varchar', 'channel': 'varchar', 'subscription_status': 'varchar',
    'state_change_source': 'varchar',
} -%}
with

unsubscribes as (

    {{ currents_events('users.messages.email.Unsubscribe', addresses) | indent(4) }}

),

complaints as (

    {{ currents_events('users.messages.email.MarkAsSpam', addresses) | indent(4) }}

),

global_changes as (

    {{ currents_events('users.behaviors.subscription.GlobalStateChange', global_columns)
        | indent(4) }}

),

group_changes as (

    {{ currents_events('users.behaviors.subscriptiongroup.StateChange', group_columns)
        | indent(4) }}

),

unioned as (

    select
        'users.messages.email.Unsubscribe' as event_type,
        id, user_id, external_user_id, email_address, 'email' as channel,
        cast(null as varchar) as subscription_group_id,
        'unsubscribed' as subscription_status,
        cast(null as varchar) as state_change_source, time
    from unsubscribes
    union all
    select
        'users.messages.email.MarkAsSpam',
        id, user_id, external_user_id, email_address, 'email', null, 'unsubscribed',
        null, time
    from complaints
    union all
    select
        'users.behaviors.subscription.GlobalStateChange',
        id, user_id, external_user_id, email_address, channel, null,
        subscription_status, state_change_source, time
    from global_changes
    union all
    select
        'users.behaviors.subscriptiongroup.StateChange',
        id, user_id, external_user_id, email_address, channel, subscription_group_id,
        subscription_status, state_change_source, time
    from group_changes

),

cleaned as (

    select
        ---------- ids
        id as change_id,
        user_id,
        nullif(external_user_id, '') as external_id,
        nullif(lower(trim(subscription_group_id)), '') as subscription_group_id,

        ---------- texts
        event_type,
        nullif(lower(trim(email_address)), '') as email,
        case
            when lower(channel) like '%mail%' then 'email'
            when lower(channel) like '%push%' then 'push'
            when trim(channel) <> '' then lower(trim(channel))
            when trim(email_address) <> '' then 'email'
        end as channel,
        {{ heard_state('subscription_status') }} as state,
        nullif(lower(trim(state_change_source)), '') as source,

        ---------- timestamps
        {{ currents_moment('time') }} as changed_at,

        ---------- what is wrong with its time
        {{ currents_set_aside('time') }} as time_problem
    from unioned

),

{# A no whose channel or group is missing still is one: to the channel, or to every one. #}
judged as (

    select
        *,
        coalesce(time_problem, case
            when state is null or state not in ('subscribed', 'unsubscribed', 'opted_in')
                then 'the state is none that we know'
            when subscription_group_id is not null then null
            when
                event_type = 'users.behaviors.subscriptiongroup.StateChange'
                and state <> 'unsubscribed'
                then 'subscription_group_id is missing'
            when channel is null and state <> 'unsubscribed' then 'channel is missing'
            when channel not in ('email', 'push')
                then 'the channel is none with a state of its own'
        end) as set_aside
    from cleaned

)

select * from judged
