with

subscription_changes as (

    select * from {{ ref('raw_braze_subscription_changes') }}

),

cleaned as (

    select
        ---------- ids
        {{ blank_to_null('id') }} as change_id,
        {{ blank_to_null('external_user_id') }} as external_id,
        {{ blank_to_null('subscription_group_id') }} as subscription_group_id,

        ---------- texts
        lower({{ blank_to_null('channel') }}) as channel,
        replace(lower({{ blank_to_null('subscription_status') }}), ' ', '_') as state,

        ---------- timestamps
        {{ parse_timestamp('time') }} as changed_at
    from subscription_changes

)

select * from cleaned
