with

web_events as (

    select * from {{ ref('raw_web_events') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('event_id') }} as event_id,
        {{ blank_to_null('customer_id') }} as customer_id,
        {{ blank_to_null('session_id') }} as session_id,
        {{ blank_to_null('product_id') }} as product_id,

        ---------- texts
        replace(lower({{ blank_to_null('event_name') }}), ' ', '_') as event_name,
        {{ proper_case(blank_to_null('category')) }} as category,
        lower({{ blank_to_null('search_term') }}) as search_term,
        lower({{ blank_to_null('platform') }}) as platform,

        ---------- timestamps
        {{ parse_timestamp('occurred_at') }} as occurred_at
    from web_events

)

select * from cleaned
