select
    cast(null as varchar) as sync,
    cast(null as varchar) as row_key,
    cast(null as varchar) as row_hash,
    cast(null as varchar) as row_json,
    cast(null as varchar) as run_id,
    cast(null as datetime) as sent_at,
    cast(null as varchar) as sent_times,
    cast(null as datetime) as added_at
where 1 = 0
