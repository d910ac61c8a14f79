with

lines as (

    select * from {{ ref('int_order_lines_sold') }}

),

shaped as (

    select
        *,
        {# The shop has no variants: the product is its own. #}
        {{ object_of({
            'product_id': 'product_id',
            'product_name': 'product_name',
            'variant_id': 'product_id',
            'quantity': 'quantity',
            'price': 'unit_price_amount',
        }) }} as product
    from lines

),

aggregated as (

    select
        order_id,
        is_refund,
        external_id,
        currency,
        channel,
        ordered_at,
        sum(quantity * unit_price_amount) as total_amount,
        {{ array_of('product', order_by='line_key') }} as products
    from shaped
    group by order_id, is_refund, external_id, currency, channel, ordered_at

),

{# The shop keeps no time of a return: a refund is dated as its order. #}
described as (

    select
        case when is_refund then 'order_refunded/' else 'order_placed/' end || order_id
            as event_key,
        external_id,
        case
            when is_refund then 'ecommerce.order_refunded' else 'ecommerce.order_placed'
        end as name,
        channel,
        ordered_at as occurred_at,
        {{ json_of({
            'order_id': 'order_id',
            'total_value': 'cast(total_amount as decimal(18, 2))',
            'currency': 'currency',
            'source': 'channel',
            'products': 'products',
        }) }} as properties
    from aggregated

)

select * from described
