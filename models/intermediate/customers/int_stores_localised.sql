with

stores as (

    select * from {{ ref('stg_shop__stores') }}

),

countries as (

    select * from {{ ref('braze_countries') }}

),

localised as (

    select
        stores.store_id,
        stores.store_name,
        stores.city,
        countries.country
    from stores
    left join countries
        on {{ lookup_key('stores.country_text') }}
        = {{ lookup_key('countries.spelling') }}

)

select * from localised
