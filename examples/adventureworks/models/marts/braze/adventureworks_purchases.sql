with

order_lines as (

    select * from {{ ref('int_adventureworks__order_lines_valued') }}

),

final as (

    select
        order_id || '/' || order_line_number as purchase_key,
        customer_id as external_id,
        product_id,
        'USD' as currency,
        unit_price as price,
        quantity,
        {# The files know the day only. #}
        cast(order_date as timestamp) as time,
        {{ braze_bridge.json_of({
            'order_id': 'order_id',
            'product_name': 'product_name',
            'category': 'category',
        }) }} as properties
    from order_lines

)

select * from final
