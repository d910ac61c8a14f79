with

signups as (

    select * from {{ ref('raw_newsletter_signups') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('signup_id') }} as signup_id,

        ---------- texts
        {{ clean_email('email') }} as email,

        ---------- timestamps
        {{ parse_timestamp('signed_up_at') }} as signed_up_at
    from signups

)

select * from cleaned
