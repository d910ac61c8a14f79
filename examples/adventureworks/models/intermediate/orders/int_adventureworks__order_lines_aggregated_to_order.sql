with

order_lines as (

    select * from {{ ref('int_adventureworks__order_lines_valued') }}

),

aggregated as (

    select
        order_id,
        customer_id,
        territory_id,
        cast(sum(quantity) as integer) as articles_count,
        cast(sum(line_amount) as decimal(18, 2)) as order_amount,
        order_date
    from order_lines
    group by all

)

select * from aggregated
