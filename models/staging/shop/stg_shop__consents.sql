with

consents as (

    select * from {{ ref('raw_consents') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('consent_id') }} as consent_id,
        {{ blank_to_null('customer_id') }} as customer_id,

        ---------- texts
        lower({{ blank_to_null('channel') }}) as channel,
        lower({{ blank_to_null('collected_through') }}) as collected_through,

        ---------- booleans
        case
            when
                {{ lookup_key('state') }}
                in ('optedin', 'optin', 'subscribed', 'yes', 'true')
                then true
            when
                {{ lookup_key('state') }}
                in ('optedout', 'optout', 'unsubscribed', 'no', 'false')
                then false
        end as is_opted_in,

        ---------- timestamps
        {{ parse_timestamp('changed_at') }} as changed_at
    from consents

)

select * from cleaned
