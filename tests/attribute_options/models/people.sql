{{ config(materialized='table') }}
select
    'p' || number as external_id,
    'note ' || number as note,
    ['gold', 'vip'] as audiences,
    {'city': 'Köln', 'street': 'Lange Straße ' || number, 'floor': 2} as home_store,
    list_transform(
        range(number, number + 5),
        lambda id: {'order_id': id, 'status': 'delivered', 'channel': 'online shop'}
    ) as recent_orders,
    number / 10 as propensity,
    true as is_member
from range(20) as numbers(number)
