{#
    The runner writes here whom it deletes; a build adds whom Braze has deleted, as Currents
    tells. Who is in it already stays as he is.
#}
with suppressed_users as (

    {% if currents_relation('users.UserDeleteRequest') -%}
    select
        {{ user_hash('user_key') }} as user_hash,
        'currents' as run_id,
        {{ run_time() }} as suppressed_at,
        deleted_at
    from ({{ currents_deleted_users() }}) as deleted_users
    {%- else -%}
    {# Names every source, so that a build knows what this depends on. -#}
    {%- do currents_deleted_users() -%}
    select
        cast(null as varchar) as user_hash,
        cast(null as varchar) as run_id,
        cast(null as timestamp) as suppressed_at,
        cast(null as timestamp) as deleted_at
    where 1 = 0
    {%- endif %}

)

select * from suppressed_users
{%- if is_incremental() %}
where user_hash not in (select user_hash from {{ this }} where user_hash is not null)
{%- endif %}
