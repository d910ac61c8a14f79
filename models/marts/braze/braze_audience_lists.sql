with

members as (

    select * from {{ ref('audience_members') }}

)

select
    external_id,
    {{ array_of('audience_id', order_by='audience_id') }} as audiences
from members
group by external_id
