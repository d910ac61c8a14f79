with

changes as (

    select * from {{ ref('stg_braze__subscription_changes') }}

),

groups as (

    select *
    from {{ ref('braze_subscription_groups') }}
    where environment = '{{ subscription_environment() }}'

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
