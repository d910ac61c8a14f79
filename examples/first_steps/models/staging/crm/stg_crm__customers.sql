with

customers as (

    select * from {{ source('crm', 'customers') }}

)

{# On the left are the columns of your table. #}
select
    {{ blank_to_null('id') }} as external_id,
    {{ proper_case('first_name') }} as first_name,
    {{ clean_email('email') }} as email,
    {{ clean_boolean('is_member') }} as is_member,
    {{ parse_timestamp('updated_at') }} as updated_at
from customers
