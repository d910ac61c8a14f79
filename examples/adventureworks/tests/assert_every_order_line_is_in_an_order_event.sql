{{ config(enabled=var('revenue', 'events') == 'events') }}
{#
    Protects the revenue that Braze counts: every line of the files is in one event, with
    its quantity, and no other line is.
#}
with

order_lines as (

    select
        order_id,
        product_id,
        quantity
    from {{ ref('stg_adventureworks__order_lines') }}

),

told as (

    select
        json_extract_string(properties, '$.order_id') as order_id,
        unnest(json_extract(properties, '$.products[*]')) as product
    from {{ ref('adventureworks_order_events') }}

),

told_lines as (

    select
        order_id,
        json_extract_string(product, '$.product_id') as product_id,
        cast(json_extract_string(product, '$.quantity') as integer) as quantity
    from told

)

(select * from order_lines except all select * from told_lines)
union all
(select * from told_lines except all select * from order_lines)
