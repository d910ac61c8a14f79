with

customers as (

    select * from {{ ref('stg_crm__customers') }}

)

select *
from customers
where external_id is not null
qualify
    row_number() over (
        partition by external_id
        order by updated_at desc nulls last
    ) = 1
