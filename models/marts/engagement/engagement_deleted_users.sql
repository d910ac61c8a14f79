with

suppressed_users as (

    select *
    from {{ ref('ledger_suppressed_users') }}
    where run_id = 'currents'

),

sightings as (

    {{ currents_sightings() | indent(4) }}

),

deletions as (

    {{ currents_events('users.UserDeleteRequest') | indent(4) }}

),

identifiers as (

    select {{ user_key('external_id') }} as user_key from sightings
    union
    select {{ user_key('braze_id', 'user_id') }} as user_key from deletions

),

{# The ledger holds hashes: whose they are, the events still tell. #}
named as (

    select
        identifiers.user_key,
        suppressed_users.deleted_at,
        suppressed_users.suppressed_at
    from suppressed_users
    left join identifiers
        on suppressed_users.user_hash = {{ user_hash('identifiers.user_key') }}

)

select * from named
