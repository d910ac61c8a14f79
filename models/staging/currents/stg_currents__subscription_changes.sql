{# Who unsubscribes by a link and who complains is told as an event of the message; both
   are a no to the whole channel. #}
{% set addresses = {'email_address': 'varchar'} -%}
{% set group_columns = {
    'email_address': 'varchar', 'channel': 'varchar', 'subscription_group_id': 'varchar',
    'subscription_status': 'varchar',
} -%}
{% set global_columns = {
    'email_address': 'varchar', 'channel': 'varchar', 'subscription_status': 'varchar',
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
        'unsubscribed' as subscription_status, time
    from unsubscribes
    union all
    select
        'users.messages.email.MarkAsSpam',
        id, user_id, external_user_id, email_address, 'email', null, 'unsubscribed', time
    from complaints
    union all
    select
        'users.behaviors.subscription.GlobalStateChange',
        id, user_id, external_user_id, email_address, channel, null,
        subscription_status, time
    from global_changes
    union all
    select
        'users.behaviors.subscriptiongroup.StateChange',
        id, user_id, external_user_id, email_address, channel, subscription_group_id,
        subscription_status, time
    from group_changes

),

cleaned as (

    select
        ---------- ids
        id as change_id,
        user_id,
        nullif(external_user_id, '') as external_id,
        nullif(subscription_group_id, '') as subscription_group_id,

        ---------- texts
        event_type,
        lower(trim(email_address)) as email,
        coalesce(
            lower(trim(channel)), case when email_address is not null then 'email' end
        ) as channel,
        {{ heard_state('subscription_status') }} as state,

        ---------- timestamps
        {{ currents_moment('time') }} as changed_at,

        ---------- what is wrong with it
        {{ currents_set_aside('time') }} as set_aside
    from unioned

)

select * from cleaned
