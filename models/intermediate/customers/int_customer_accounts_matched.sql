with

accounts as (

    select * from {{ ref('stg_shop__customers') }}

),

{# An account may be exported again: its last export speaks, its first one dates it. #}
latest_exports as (

    select
        *,
        min(created_at) over (partition by customer_id) as first_created_at,
        min(loaded_line) over (partition by customer_id) as first_loaded_line
    from accounts
    where customer_id is not null
    qualify
        row_number() over (
            partition by customer_id
            order by updated_at desc nulls last, loaded_line desc
        ) = 1

),

{# One e-mail address is one person. The oldest account gives its id, for ever: an id that
   followed the account in use would leave a second profile behind in Braze. #}
matched as (

    select
        first_value(customer_id) over (
            partition by coalesce(email, customer_id)
            order by first_created_at nulls last, first_loaded_line
            rows between unbounded preceding and unbounded following
        ) as external_id,
        *
    from latest_exports

)

select * from matched
