with

erasures as (

    select * from {{ ref('int_erasures_expanded_to_accounts') }}

),

final as (

    select
        customer_id as external_id,
        requested_at as changed_at
    from erasures

)

select * from final
