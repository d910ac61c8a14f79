with

customers as (

    select * from {{ source('adventureworks', 'customers') }}

),

cleaned as (

    select
        ---------- ids
        {{ braze_bridge.blank_to_null('CustomerKey') }} as customer_id,

        ---------- texts
        {{ braze_bridge.proper_case(braze_bridge.blank_to_null('Prefix')) }} as title,
        {{ braze_bridge.proper_case(braze_bridge.blank_to_null('FirstName')) }}
            as first_name,
        {{ braze_bridge.proper_case(braze_bridge.blank_to_null('LastName')) }}
            as last_name,
        {{ braze_bridge.blank_to_null('EmailAddress') }} as email_text,
        {{ braze_bridge.clean_email('EmailAddress') }} as email,
        {{ braze_bridge.clean_gender('Gender') }} as gender,
        case {{ braze_bridge.blank_to_null('MaritalStatus') }}
            when 'M' then 'married'
            when 'S' then 'single'
        end as marital_status,
        {{ braze_bridge.blank_to_null('EducationLevel') }} as education_level,
        {{ braze_bridge.blank_to_null('Occupation') }} as occupation,

        ---------- numbers
        cast({{ braze_bridge.clean_amount('AnnualIncome') }} as integer)
            as annual_income,
        try_cast({{ braze_bridge.blank_to_null('TotalChildren') }} as integer)
            as total_children,

        ---------- booleans
        {{ braze_bridge.clean_boolean('HomeOwner') }} as is_home_owner,

        ---------- dates
        {{ braze_bridge.parse_date('BirthDate', formats=['mm/dd/yyyy']) }} as birth_date
    from customers

)

select * from cleaned
