select
    cast(null as varchar) as user_hash,
    cast(null as varchar) as run_id,
    cast(null as timestamp) as suppressed_at,
    cast(null as timestamp) as deleted_at
where 1 = 0
