select * from {{ ref('audience_cart_abandoners') }}
union all
select * from {{ ref('audience_lapsed') }}
union all
select * from {{ ref('audience_newsletter_prospects') }}
union all
select * from {{ ref('audience_vip') }}
union all
select * from {{ ref('audience_voucher') }}
