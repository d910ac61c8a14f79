select
    cast(null as varchar) as sync,
    cast(null as varchar) as row_key,
    cast(null as varchar) as row_hash,
    cast(null as varchar) as change,
    cast(null as varchar) as payload,
    cast(null as varchar) as reason,
    cast(null as varchar) as status,
    cast(null as varchar) as run_id,
    cast(null as integer) as attempts,
    cast(null as datetime) as rejected_at
where 1 = 0
