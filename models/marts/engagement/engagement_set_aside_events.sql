select
    event_id,
    event_type,
    user_id,
    occurred_at,
    set_aside
from {{ ref('stg_currents__message_events') }}
where set_aside is not null
union
select
    change_id as event_id,
    event_type,
    user_id,
    changed_at as occurred_at,
    set_aside
from {{ ref('stg_currents__subscription_changes') }}
where set_aside is not null
union
{# Nothing is sent to a group without a name here, but its id may be mistyped there. #}
select
    changes.change_id as event_id,
    changes.event_type,
    changes.user_id,
    changes.changed_at as occurred_at,
    'the subscription group is not in the seed of groups' as set_aside
from {{ ref('stg_currents__subscription_changes') }} as changes
left join {{ ref('braze_subscription_groups') }} as groups
    on
        changes.subscription_group_id = lower(groups.subscription_group_id)
        and groups.environment = '{{ subscription_environment() }}'
where
    changes.set_aside is null
    and changes.state = 'unsubscribed'
    and changes.subscription_group_id is not null
    and groups.group_name is null
union
select
    event_id,
    case when product_id is null then 'users.behaviors.CustomEvent'
        else 'users.behaviors.Purchase' end as event_type,
    user_id,
    occurred_at,
    set_aside
from {{ ref('stg_currents__behaviors') }}
where set_aside is not null
