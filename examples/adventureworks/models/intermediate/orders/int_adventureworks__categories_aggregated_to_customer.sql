with

order_lines as (

    select * from {{ ref('int_adventureworks__order_lines_valued') }}

),

bought_categories as (

    select
        customer_id,
        category,
        sum(quantity) as articles_count
    from order_lines
    group by all

),

{# Most bought first; of two bought equally often the first in the alphabet. #}
ranked as (

    select
        customer_id,
        category,
        row_number() over (
            partition by customer_id
            order by articles_count desc, category
        ) as category_rank
    from bought_categories

),

aggregated as (

    select
        customer_id,
        {{ braze_bridge.array_of('category', order_by='category_rank') }}
            as favourite_categories
    from ranked
    group by all

)

select * from aggregated
