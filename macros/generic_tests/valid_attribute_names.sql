{#
    A column named like a default field, but not quite, makes a custom attribute
    beside it: "birthday" fills no dob, and birthday campaigns stay empty. A name
    that begins with $ or has more than 255 characters is refused by Braze.
    One row per column to rename, with the reason.
#}
{% test valid_attribute_names(model) %}

{%- set misnamed = [] -%}
{%- if execute -%}
    {%- for column in adapter.get_columns_in_relation(model) -%}
        {%- set reason = braze_bridge.attribute_name_problem(column.name) -%}
        {%- if reason -%}
            {%- do misnamed.append((column.name, reason)) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif %}

{% for name, reason in misnamed %}
select
    '{{ name | replace("'", "''") }}' as column_name,
    '{{ reason }}' as reason
{% if not loop.last %}union all{% endif %}
{% else %}
select
    cast(null as varchar) as column_name,
    cast(null as varchar) as reason
where false
{% endfor %}

{% endtest %}
