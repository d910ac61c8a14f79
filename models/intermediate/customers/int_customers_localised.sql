with

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

countries as (

    select * from {{ ref('braze_countries') }}

),

dialling_codes as (

    select * from {{ ref('braze_dialling_codes') }}

),

languages as (

    select * from {{ ref('braze_languages') }}

),

time_zones as (

    select * from {{ ref('braze_time_zones') }}

),

localised as (

    select
        customers.external_id,
        {{ clean_phone(
            'customers.phone_text',
            'dialling_codes.dialling_code',
            'dialling_codes.trunk_prefix',
            'dialling_codes.national_digits'
        ) }} as phone,
        countries.country,
        languages.language,
        time_zones.time_zone
    from customers
    left join countries
        on {{ lookup_key('customers.country_text') }}
        = {{ lookup_key('countries.spelling') }}
    left join dialling_codes
        on countries.country = dialling_codes.country
    left join languages
        on {{ language_key('customers.language_text') }}
        = {{ lookup_key('languages.spelling') }}
    left join time_zones
        on lower(replace(customers.time_zone_text, ' ', '_'))
        = lower(time_zones.time_zone)

)

select * from localised
