with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

places as (

    select *
    from {{ ref('stg_shop__places') }}
    where latitude is not null and longitude is not null

),

stores as (

    select * from {{ ref('stg_shop__stores') }}

),

localised_stores as (

    select * from {{ ref('int_stores_localised') }}

),

located_stores as (

    select
        stores.store_id,
        stores.store_name,
        stores.city,
        localised_stores.country,
        stores.latitude,
        stores.longitude
    from stores
    inner join localised_stores
        on stores.store_id = localised_stores.store_id
    where stores.latitude is not null and stores.longitude is not null

),

{# Of each place, not of each customer: many live in one. The haversine, on a globe of
   6,371 km; a rounding error must not take the root of less than nothing. #}
distances as (

    select
        places.place,
        located_stores.store_id,
        located_stores.store_name,
        located_stores.city,
        located_stores.country,
        round(cast(2 * 6371 * asin(sqrt(least(
            1,
            power(sin(radians(located_stores.latitude - places.latitude) / 2), 2)
            + cos(radians(places.latitude)) * cos(radians(located_stores.latitude))
            * power(sin(radians(located_stores.longitude - places.longitude) / 2), 2)
        ))) as double), 1) as distance_km
    from places
    cross join located_stores

),

{# Farther than this nobody goes for a pair of shoes. #}
nearest as (

    select *
    from distances
    where distance_km <= 250
    qualify
        row_number() over (
            partition by place
            order by distance_km, store_id
        ) <= 3

),

shaped as (

    select
        place,
        distance_km,
        store_id,
        {{ object_of({
            'store_id': 'store_id',
            'name': 'store_name',
            'city': 'city',
            'country': 'country',
            'distance_km': 'distance_km',
        }) }} as store
    from nearest

),

lists as (

    select
        place,
        {{ array_of('store', order_by='distance_km, store_id') }} as nearest_stores
    from shaped
    group by place

),

joined as (

    select
        customers.external_id,
        lists.nearest_stores
    from customers
    inner join lists
        on {{ lookup_key('customers.home_city') }} = {{ lookup_key('lists.place') }}

)

select * from joined
