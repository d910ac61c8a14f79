{#
    Protects a customer with a new number from a second profile: the old one and the new
    one are never both in the customer mart.
#}
with

renames as (

    select * from {{ ref('braze_external_id_renames') }}

),

customers as (

    select external_id from {{ ref('braze_customer_attributes') }}

)

select
    renames.current_external_id,
    renames.new_external_id
from renames
inner join customers as old_customers
    on renames.current_external_id = old_customers.external_id
inner join customers as new_customers
    on renames.new_external_id = new_customers.external_id
