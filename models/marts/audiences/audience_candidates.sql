with

candidates as (

    select * from {{ ref('audience_cart_abandoners') }}
    {%- if var('message_engagement') %}
    union all
    select * from {{ ref('audience_disengaged') }}
    union all
    select * from {{ ref('audience_engaged') }}
    {%- endif %}
    union all
    select * from {{ ref('audience_lapsed') }}
    union all
    select * from {{ ref('audience_newsletter_prospects') }}
    union all
    select * from {{ ref('audience_vip') }}
    union all
    select * from {{ ref('audience_voucher') }}

),

{# Every further message to such an address costs the sender's good name. #}
undeliverable_people as (

    select attributes.external_id
    from {{ ref('braze_customer_attributes') }} as attributes
    inner join {{ ref('engagement_undeliverable_addresses') }} as addresses
        on attributes.email = addresses.email

)

select *
from candidates
where external_id not in (select external_id from undeliverable_people)
