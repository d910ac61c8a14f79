with

territories as (

    select * from {{ source('adventureworks', 'territories') }}

),

cleaned as (

    select
        {{ braze_bridge.blank_to_null('SalesTerritoryKey') }} as territory_id,
        {{ braze_bridge.blank_to_null('Region') }} as region,
        {{ braze_bridge.blank_to_null('Country') }} as country_name,
        {{ braze_bridge.blank_to_null('Continent') }} as continent
    from territories

)

select * from cleaned
