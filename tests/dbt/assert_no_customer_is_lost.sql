{#
    Protects the marketer's counts: everybody in the shop who is not a test account has
    a profile, and nobody has two.
#}
with

expected_customers as (

    select distinct external_id
    from {{ ref('int_customer_accounts_matched') }}
    where customer_id = external_id and not is_test_account

),

attributes as (

    select * from {{ ref('braze_customer_attributes') }}

)

select
    expected_customers.external_id as expected_external_id,
    attributes.external_id as sent_external_id
from expected_customers
full outer join attributes
    on expected_customers.external_id = attributes.external_id
where
    expected_customers.external_id is null
    or attributes.external_id is null
