with

renumberings as (

    select * from {{ ref('stg_shop__customer_renumberings') }}

),

customers as (

    select * from {{ ref('braze_customer_attributes') }}

),

{# While customers are still sent under the old id, it must go on leading to the profile. #}
final as (

    select
        renumberings.old_customer_id as current_external_id,
        renumberings.new_customer_id as new_external_id,
        customers.external_id is null as remove_current,
        cast(renumberings.decided_on as datetime) as changed_at
    from renumberings
    left join customers
        on renumberings.old_customer_id = customers.external_id

)

select * from final
