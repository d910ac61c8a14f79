with

lines as (

    select * from {{ ref('int_order_lines_sold') }}

),

sendable_customers as (

    select external_id
    from {{ ref('int_customers_deduplicated') }}
    where not is_test_account

),

final as (

    select
        lines.line_key as purchase_key,
        lines.external_id,
        lines.product_id,
        lines.currency,
        case
            when lines.is_refund then -lines.unit_price_amount else lines.unit_price_amount
        end as price,
        lines.quantity,
        lines.ordered_at as time,
        {{ json_of({
            'order_id': 'lines.order_id',
            'product_name': 'lines.product_name',
            'source': 'lines.channel',
        }) }} as properties
    from lines
    inner join sendable_customers
        on lines.external_id = sendable_customers.external_id
    where {{ is_sent_as_purchase('lines.channel') }}

)

select * from final
