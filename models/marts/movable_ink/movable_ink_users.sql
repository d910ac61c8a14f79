with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

)

select
    external_id,
    external_id as mi_u
from customers
where not is_test_account
