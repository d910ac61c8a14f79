with

accounts as (

    select * from {{ ref('stg_shop__customers') }}

),

{# An account may be exported again: its last export speaks. #}
latest_exports as (

    select *
    from accounts
    where customer_id is not null
    qualify
        row_number() over (
            partition by customer_id
            order by updated_at desc nulls last, loaded_line desc
        ) = 1

),

{# One e-mail address is one person; the account used last gives its id. #}
matched as (

    select
        first_value(customer_id) over (
            partition by coalesce(email, customer_id)
            order by updated_at desc nulls last, loaded_line desc
            rows between unbounded preceding and unbounded following
        ) as external_id,
        *
    from latest_exports

)

select * from matched
