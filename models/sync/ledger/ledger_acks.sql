select
    cast(null as varchar) as run_id,
    cast(null as varchar) as sync,
    cast(null as bigint) as first_seq,
    cast(null as bigint) as last_seq,
    cast(null as varchar) as outcome,
    cast(null as varchar) as reason,
    cast(null as varchar) as status,
    cast(null as datetime) as acked_at
where 1 = 0
