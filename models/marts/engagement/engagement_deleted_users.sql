with

suppressed_users as (

    select *
    from {{ ref('ledger_suppressed_users') }}
    where run_id = 'currents'

),

identifiers as (

    {{ currents_deleted_users() | indent(4) }}

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
