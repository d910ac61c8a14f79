{#
    Protects the marketer's counts: everybody in the shop has a profile, whatever is
    missing or odd in the files.
#}
with

customers as (

    select customer_id from {{ ref('stg_adventureworks__customers') }}

),

attributes as (

    select external_id from {{ ref('adventureworks_customer_attributes') }}

)

select customers.customer_id
from customers
left join attributes
    on customers.customer_id = attributes.external_id
where attributes.external_id is null
