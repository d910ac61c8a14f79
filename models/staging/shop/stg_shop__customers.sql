with

accounts as (

    select * from {{ ref('raw_customers') }}

),

cleaned as (

    select
        ---------- ids
        loaded_line,
        {{ blank_to_null('customer_id') }} as customer_id,
        {{ blank_to_null('home_store_id') }} as home_store_id,

        ---------- texts
        {{ blank_to_null('first_name') }} as first_name,
        {{ blank_to_null('last_name') }} as last_name,
        {{ clean_email('email') }} as email,
        {{ blank_to_null('phone') }} as phone_text,
        {{ clean_gender('gender') }} as gender,
        {{ blank_to_null('country') }} as country_text,
        {{ blank_to_null('city') }} as home_city,
        {{ blank_to_null('language') }} as language_text,
        {{ blank_to_null('time_zone') }} as time_zone_text,
        case
            when
                lower({{ blank_to_null('loyalty_tier') }})
                in ('basic', 'bronze', 'silver', 'gold', 'platinum')
                then lower({{ blank_to_null('loyalty_tier') }})
        end as loyalty_tier,

        ---------- booleans
        coalesce(lower({{ blank_to_null('account_type') }}) = 'test', false)
            as is_test_account,

        ---------- dates and timestamps
        {{ parse_date('birth_date') }} as birth_date,
        {{ parse_timestamp('created_at') }} as created_at,
        {{ parse_timestamp('updated_at') }} as updated_at
    from accounts

)

select * from cleaned
