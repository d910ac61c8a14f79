with

stores as (

    select * from {{ ref('raw_stores') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('store_id') }} as store_id,

        ---------- texts
        {{ proper_case(blank_to_null('store_name')) }} as store_name,
        {{ proper_case(blank_to_null('city')) }} as city,
        {{ blank_to_null('country') }} as country_text,
        {{ blank_to_null('time_zone') }} as time_zone_text,

        ---------- numbers
        try_cast({{ blank_to_null('latitude') }} as double) as latitude,
        try_cast({{ blank_to_null('longitude') }} as double) as longitude,

        ---------- dates
        {{ parse_date('opened_on') }} as opened_date
    from stores

)

select * from cleaned
