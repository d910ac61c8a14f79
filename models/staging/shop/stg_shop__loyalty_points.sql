with

bookings as (

    select * from {{ ref('raw_loyalty_points') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('booking_id') }} as booking_id,
        {{ blank_to_null('customer_id') }} as customer_id,

        ---------- texts
        lower({{ blank_to_null('reason') }}) as reason,

        ---------- numbers
        try_cast({{ blank_to_null('points') }} as integer) as points,

        ---------- timestamps
        {{ parse_timestamp('booked_at') }} as booked_at
    from bookings

)

select * from cleaned
