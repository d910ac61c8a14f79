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
select
    event_id,
    case when product_id is null then 'users.behaviors.CustomEvent'
        else 'users.behaviors.Purchase' end as event_type,
    user_id,
    occurred_at,
    set_aside
from {{ ref('stg_currents__behaviors') }}
where set_aside is not null
