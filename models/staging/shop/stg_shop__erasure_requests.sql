with

requests as (

    select * from {{ ref('raw_erasure_requests') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('request_id') }} as request_id,
        {{ blank_to_null('customer_id') }} as customer_id,

        ---------- timestamps
        {{ parse_timestamp('requested_at') }} as requested_at
    from requests

)

select * from cleaned
