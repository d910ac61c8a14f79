with

territories as (

    select * from {{ ref('stg_adventureworks__territories') }}

),

countries as (

    select
        {{ braze_bridge.lookup_key('spelling') }} as country_key,
        any_value(country) as country
    from {{ ref('braze_bridge', 'braze_countries') }}
    group by all

),

localised as (

    select
        territories.territory_id,
        countries.country,
        {{ braze_bridge.object_of({
            'region': 'territories.region',
            'country': 'countries.country',
            'continent': 'territories.continent',
        }) }} as territory
    from territories
    inner join countries
        on {{ braze_bridge.lookup_key('territories.country_name') }}
        = countries.country_key

)

select * from localised
