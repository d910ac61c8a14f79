{#
    Protects lift: a control group that changes measures nothing. Lots are compared with
    numbers worked out by another program, a larger group holds the smaller, the share is
    what was asked for, and two salts draw independently.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
{% set lots = {('vip', 'C1'): 2693192632, ('vip', 'C10001'): 4235390534, ('crm', 'josé'): 3449527231} %}
with

people as (

    select
        {{ is_held_out("'C' || number", 5, 'vip') }} as is_in_5,
        {{ is_held_out("'C' || number", 10, 'vip') }} as is_in_10,
        {{ is_held_out("'C' || number", 10, 'lapsed') }} as is_in_other_10,
        {{ is_held_out("'C' || number", 0, 'vip') }} as is_in_0,
        {{ is_held_out("'C' || number", 100, 'vip') }} as is_in_100
    {% if target.type == 'snowflake' -%}
    from (
        select row_number() over (order by null) - 1 as number
        from table(generator(rowcount => 100000))
    ) as numbers
    {%- else -%}
    from (select unnest(range(100000)) as number) as numbers
    {%- endif %}

),

shares as (

    select
        avg(cast(is_in_5 as integer)) as share_5,
        avg(cast(is_in_10 as integer)) as share_10,
        avg(cast(is_in_10 and is_in_other_10 as integer)) as share_both,
        sum(cast(is_in_5 and not is_in_10 as integer)) as released,
        sum(cast(is_in_0 as integer)) as held_of_none,
        sum(cast(is_in_100 as integer)) as held_of_all
    from people

)

select 'the shares are not what was asked for' as mistake
from shares
where
    share_5 not between 0.047 and 0.053
    or share_10 not between 0.096 and 0.104
    or share_both not between 0.008 and 0.012
union all
select 'raising the share released somebody' as mistake from shares where released > 0
union all
select 'nobody or everybody is another number' as mistake
from shares
where held_of_none > 0 or held_of_all <> 100000
{% for (salt, user), lot in lots.items() %}
union all
select 'the lot of {{ user }} moved' as mistake
where {{ user_lot("'" ~ user ~ "'", salt) }} <> {{ lot }}
{% endfor %}
