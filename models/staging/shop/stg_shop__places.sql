with

places as (

    select * from {{ ref('raw_places') }}

),

cleaned as (

    select
        ---------- texts
        {{ proper_case(blank_to_null('place')) }} as place,

        ---------- numbers
        try_cast({{ blank_to_null('latitude') }} as double) as latitude,
        try_cast({{ blank_to_null('longitude') }} as double) as longitude
    from places

)

select * from cleaned
