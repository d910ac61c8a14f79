select
    event_key as purchase_key,
    alias_label,
    alias_name,
    'p1' as product_id,
    'EUR' as currency,
    1.50 as price,
    1 as quantity,
    time,
    properties
from {{ ref('events') }}
