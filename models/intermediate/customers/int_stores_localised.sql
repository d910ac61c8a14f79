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

),

{# A nested object with one unknown value would be dropped whole by Braze. #}
shaped as (

    select
        *,
        case
            when store_name is not null and city is not null and country is not null
                then {{ object_of({
                    'store_id': 'store_id',
                    'name': 'store_name',
                    'city': 'city',
                    'country': 'country',
                }) }}
        end as store_object
    from localised

)

select * from shaped
