{#
    Protects lifetime_value: a line whose product, subcategory, category or territory is
    unknown would drop out of the joins without a word.
#}
with

order_lines as (

    select * from {{ ref('stg_adventureworks__order_lines') }}

),

valued_lines as (

    select * from {{ ref('int_adventureworks__order_lines_valued') }}

),

territories as (

    select * from {{ ref('int_adventureworks__territories_localised') }}

)

select
    order_lines.order_id,
    order_lines.order_line_number
from order_lines
left join valued_lines
    on
        order_lines.order_id = valued_lines.order_id
        and order_lines.order_line_number = valued_lines.order_line_number
left join territories
    on order_lines.territory_id = territories.territory_id
group by all
having count(valued_lines.line_amount) <> 1 or count(territories.territory_id) <> 1
