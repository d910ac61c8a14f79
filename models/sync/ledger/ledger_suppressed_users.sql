select
    cast(null as varchar) as user_hash,
    cast(null as varchar) as run_id,
    cast(null as datetime) as suppressed_at,
    cast(null as datetime) as deleted_at
where 1 = 0
