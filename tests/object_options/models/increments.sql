select event_key as increment_key, alias_label, alias_name, 'points' as attribute, 5 as amount
from {{ ref('events') }}
