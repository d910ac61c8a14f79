select * from {{ ref('adventureworks_audience_accessory_voucher') }}
union all
select * from {{ ref('adventureworks_audience_bare_bikes') }}
union all
select * from {{ ref('adventureworks_audience_high_value') }}
union all
select * from {{ ref('adventureworks_audience_lapsed') }}
