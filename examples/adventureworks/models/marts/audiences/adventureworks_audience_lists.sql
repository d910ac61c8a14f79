with

members as (

    select * from {{ ref('adventureworks_audience_members') }}

)

select
    external_id,
    {{ braze_bridge.array_of('audience_id', order_by='audience_id') }} as audiences
from members
group by external_id
