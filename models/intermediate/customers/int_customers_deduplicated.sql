with

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

{# The account used last speaks alone: another may hold an address moved away from. #}
speaking_accounts as (

    select
        external_id,
        home_store_id,
        {{ proper_case('first_name') }} as first_name,
        {{ proper_case('last_name') }} as last_name,
        email,
        phone_text,
        gender,
        country_text,
        {{ proper_case('home_city') }} as home_city,
        language_text,
        time_zone_text,
        loyalty_tier,
        is_test_account,
        birth_date,
        created_at,
        updated_at
    from accounts
    qualify
        row_number() over (
            partition by external_id
            order by updated_at desc nulls last, loaded_line desc
        ) = 1

)

select * from speaking_accounts
