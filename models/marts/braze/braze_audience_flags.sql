with

memberships as (

    select * from {{ ref('audience_memberships') }}

)

{# The name of a column is the name of an attribute in Braze. #}
select
    external_id,
    {{ audience_flag('cart_abandoners') }} as audience_cart_abandoners,
    {%- if var('message_engagement') %}
    {{ audience_flag('disengaged') }} as audience_disengaged,
    {{ audience_flag('engaged') }} as audience_engaged,
    {%- endif %}
    {{ audience_flag('lapsed') }} as audience_lapsed,
    {{ audience_flag('newsletter_prospects') }} as audience_newsletter_prospects,
    {{ audience_flag('vip') }} as audience_vip,
    {{ audience_flag('voucher') }} as audience_voucher
from memberships
group by external_id
