select
    cast(null as varchar) as lease,
    cast(null as varchar) as holder,
    cast(null as bigint) as epoch,
    cast(null as timestamp) as acquired_at,
    cast(null as timestamp) as expires_at
where 1 = 0
