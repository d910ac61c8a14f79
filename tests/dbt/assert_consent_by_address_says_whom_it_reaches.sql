{#
    Protects the strangers who share an address: a state by e-mail or phone counts the
    profiles that it moves, and names the address alone.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
{% set states -%}
    (
        select
            'a@example.com' as email, '+491' as phone, 'news' as subscription_group,
            'subscribed' as state, cast('2026-01-01 10:00:00' as datetime) as consented_at
        union all
        select
            'b@example.com' as email, '+492' as phone, 'email' as subscription_group,
            'unsubscribed' as state, cast('2026-01-01 10:00:00' as datetime) as consented_at
    )
{%- endset %}
{% set groups -%}
    (
        select
            '{{ subscription_environment() }}' as environment, 'news' as group_name,
            'g1' as subscription_group_id
    ) as named_groups
{%- endset %}
{% set profiles -%}
    (
        select 'a@example.com' as email, '+491' as phone
        union all
        select 'a@example.com' as email, null as phone
    ) as known_profiles
{%- endset %}
{% set expected = {
    'email': [
        ('{"subscription_group_id":"g1","subscription_state":"subscribed","emails":["a@example.com"]}', 'email:a@example.com', 2),
        ('{"email":"b@example.com","email_subscribe":"unsubscribed","_update_existing_only":true}', 'email:b@example.com', 0),
    ],
    'phone': [
        ('{"subscription_group_id":"g1","subscription_state":"subscribed","phones":["+491"]}', 'phone:+491', 1),
        ('{"phone":"+492","email_subscribe":"unsubscribed","_update_existing_only":true}', 'phone:+492', 0),
    ],
} %}
with

expected as (

    {% for user, rows in expected.items() %}
    {%- set is_last_user = loop.last %}
    {%- for payload, user_key, reach in rows %}
    select '{{ payload }}' as payload, '{{ user_key }}' as user_key, {{ reach }} as reach
    {% if not (is_last_user and loop.last) %}union all{% endif %}
    {%- endfor %}
    {%- endfor %}

),

pending as (

    {% for user in expected %}
    select payload, user_key, reach
    from (
        {{ pending_subscription_states(states, user=user, groups=groups, profiles=profiles) }}
    ) as pending_{{ user }}
    where problem is null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

(select * from expected except select * from pending)
union all
(select * from pending except select * from expected)
