select
    cast(null as varchar) as sync,
    cast(null as varchar) as row_key,
    cast(null as varchar) as row_hash,
    cast(null as varchar) as change,
    cast(null as varchar) as payload,
    cast(null as varchar) as reason,
    cast(null as varchar) as status,
    cast(null as varchar) as run_id,
    cast(null as datetime) as unknown_at,
    cast(null as varchar) as row_json,
    cast(null as bigint) as data_points
where 1 = 0
