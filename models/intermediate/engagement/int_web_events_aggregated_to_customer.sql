with

web_events as (

    select * from {{ ref('int_web_events_deduplicated') }}

),

aggregated as (

    select
        external_id,
        count(*) as count_web_events,
        max(occurred_at) as last_seen_at
    from web_events
    group by all

)

select * from aggregated
