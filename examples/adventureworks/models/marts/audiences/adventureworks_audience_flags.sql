with

memberships as (

    select * from {{ ref('adventureworks_audience_memberships') }}

)

select
    external_id,
    {{ braze_bridge.audience_flag('accessory_voucher') }} as audience_accessory_voucher,
    {{ braze_bridge.audience_flag('bare_bikes') }} as audience_bare_bikes,
    {{ braze_bridge.audience_flag('high_value') }} as audience_high_value,
    {{ braze_bridge.audience_flag('lapsed') }} as audience_lapsed
from memberships
group by external_id
