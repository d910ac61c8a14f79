with

renumberings as (

    select * from {{ ref('raw_customer_renumberings') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('old_customer_id') }} as old_customer_id,
        {{ blank_to_null('new_customer_id') }} as new_customer_id,

        ---------- dates
        {{ parse_date('decided_on') }} as decided_on
    from renumberings

)

select * from cleaned
