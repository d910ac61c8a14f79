{# Emptied and filled by the tests. #}
{{ config(materialized='table') }}
select
    'e' || number as event_key,
    'p' || number || '@Example.com' as email,
    'card' as alias_label,
    'card-' || number as alias_name,
    'looked' as name,
    timestamp '2026-01-31 10:00:00' as time,
    {'page': number} as properties
from range(3) as numbers(number)
