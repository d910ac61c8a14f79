with

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

customers as (

    select * from {{ ref('braze_customer_attributes') }}

),

{# The oldest account of a person gives the id; what an earlier tool told Braze about the
   others is merged into it. Nobody is merged into a profile that is never sent. #}
final as (

    select
        accounts.customer_id as merge_external_id,
        accounts.external_id as keep_external_id,
        accounts.created_at as changed_at
    from accounts
    inner join customers
        on accounts.external_id = customers.external_id
    where
        accounts.customer_id <> accounts.external_id
        and not accounts.is_test_account

)

select * from final
