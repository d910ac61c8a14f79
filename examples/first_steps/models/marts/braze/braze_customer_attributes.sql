with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

)

select
    external_id,
    first_name,
    email,
    is_member
from customers
