with

order_lines as (

    select * from {{ ref('int_adventureworks__order_lines_valued') }}

),

shaped as (

    select
        *,
        {# The files know no variants: the product is its own. #}
        {{ braze_bridge.object_of({
            'product_id': 'product_id',
            'product_name': 'product_name',
            'variant_id': 'product_id',
            'quantity': 'quantity',
            'price': 'unit_price',
        }) }} as product
    from order_lines

),

aggregated as (

    select
        order_id,
        customer_id,
        order_date,
        cast(sum(line_amount) as decimal(18, 2)) as order_amount,
        {{ braze_bridge.array_of('product', order_by='order_line_number') }} as products
    from shaped
    group by order_id, customer_id, order_date

),

described as (

    select
        order_id,
        customer_id,
        order_date,
        {{ braze_bridge.json_of({
            'order_id': 'order_id',
            'total_value': 'order_amount',
            'currency': "'USD'",
            'source': "'adventureworks'",
            'products': 'products',
        }) }} as properties
    from aggregated

)

select * from described
