-- Born with its row: two first pushes change that one, where each would insert its own.
select
    cast('push' as varchar) as lease,
    cast('' as varchar) as holder,
    cast(0 as bigint) as epoch,
    cast('1970-01-01 00:00:00' as datetime) as acquired_at,
    cast('1970-01-01 00:00:00' as datetime) as expires_at
{% if is_incremental() %}
from (select count(*) as found from {{ this }} where lease = 'push') as there
where found = 0
{% endif %}
