{#
    Protects consent: a name with two ids would be two groups, and a group called email or
    push would be taken for the whole channel.
#}
select
    environment,
    group_name
from {{ ref('braze_subscription_groups') }}
group by environment, group_name
having count(*) > 1 or group_name in ('email', 'push')
