with

sales as (

    select * from {{ source('adventureworks', 'sales') }}

),

cleaned as (

    select
        ---------- ids
        {{ braze_bridge.blank_to_null('OrderNumber') }} as order_id,
        try_cast({{ braze_bridge.blank_to_null('OrderLineItem') }} as integer)
            as order_line_number,
        {{ braze_bridge.blank_to_null('CustomerKey') }} as customer_id,
        {{ braze_bridge.blank_to_null('ProductKey') }} as product_id,
        {{ braze_bridge.blank_to_null('TerritoryKey') }} as territory_id,

        ---------- numbers
        try_cast({{ braze_bridge.blank_to_null('OrderQuantity') }} as integer)
            as quantity,

        ---------- dates
        {{ braze_bridge.parse_date('OrderDate', formats=['mm/dd/yyyy']) }} as order_date
    from sales

)

select * from cleaned
