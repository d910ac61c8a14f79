select
    cast(null as varchar) as run_id,
    cast(null as varchar) as sync,
    cast(null as timestamp) as started_at,
    cast(null as timestamp) as finished_at,
    cast(null as varchar) as plan_id,
    cast(null as varchar) as git_revision,
    cast(null as bigint) as planned,
    cast(null as bigint) as accepted,
    cast(null as bigint) as rejected,
    cast(null as bigint) as unknown,
    cast(null as bigint) as requests,
    cast(null as bigint) as data_points,
    cast(null as varchar) as outcome,
    cast(null as varchar) as outbox,
    cast(null as varchar) as message,
    cast(null as varchar) as endpoint
where 1 = 0
