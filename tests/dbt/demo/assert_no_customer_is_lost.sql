{#
    Protects the marketer's counts: everybody in the shop whose account in use is not a
    test account has a profile, and nobody has two.
#}
with

accounts_in_use as (

    select
        external_id,
        is_test_account
    from {{ ref('int_customer_accounts_matched') }}
    qualify
        row_number() over (
            partition by external_id
            order by updated_at desc nulls last, loaded_line desc
        ) = 1

),

expected_customers as (

    select external_id
    from accounts_in_use
    where not is_test_account

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
