{#
    A nested object from a dictionary of key and SQL expression. Braze refuses all of
    an object that holds one null: build it only where every value is known.
#}
{% macro object_of(fields) -%}
    {{ return(adapter.dispatch('object_of', 'braze_bridge')(fields)) }}
{%- endmacro %}

{% macro default__object_of(fields) -%}
    object_construct_keep_null(
        {%- for key, value in fields.items() %}
        '{{ key }}', {{ value }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    )
{%- endmacro %}

{% macro duckdb__object_of(fields) -%}
    struct_pack(
        {%- for key, value in fields.items() %}
        "{{ key }}" := {{ value }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
