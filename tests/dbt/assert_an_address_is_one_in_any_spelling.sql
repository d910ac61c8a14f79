{#
    Protects who said no by an address: Braze has it in lower case, and spells the state its
    own way; neither makes it another address or another word.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
{% set states -%}
    (
        select
            email, 'news' as subscription_group, 'subscribed' as state,
            cast('2026-01-01 10:00:00' as datetime) as consented_at
        from (
            values ('Ada@Example.com'), ('Ben@example.com'), ('bEN@example.com'), ('Cy@example.com')
        ) as people(email)
    )
{%- endset %}
{% set heard -%}
    (
        select
            'ada@example.com' as email, 'news' as subscription_group,
            'Unsubscribed' as state, '2026-02-01 10:00:00' as changed_at
    ) as words
{%- endset %}
{% set groups -%}
    (
        select
            '{{ subscription_environment() }}' as environment, 'news' as group_name,
            'g1' as subscription_group_id
    ) as named_groups
{%- endset %}
{% set profiles -%}
    (select 'cY@example.com' as email union all select 'CY@example.com') as known_profiles
{%- endset %}
with said as (

    {{ pending_subscription_states(
        states, user='email', groups=groups, heard=heard, profiles=profiles
    ) }}

),

expected as (

    select * from (
        values
        ('["ben@example.com","news"]', 'email:ben@example.com', 2, 0),
        ('["cy@example.com","news"]', 'email:cy@example.com', 1, 2)
    ) as said_rows(row_key, user_key, key_count, reach)

)

(select row_key, user_key, key_count, reach from said except select * from expected)
union all
(select * from expected except select row_key, user_key, key_count, reach from said)
