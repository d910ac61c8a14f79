{#
    An array of a group's values in a stated order, without nulls; null where there is
    none. The order must not tie: an array whose order wavers is resent to Braze for
    nothing.
#}
{% macro array_of(value, order_by) -%}
    {{ return(adapter.dispatch('array_of', 'braze_bridge')(value, order_by)) }}
{%- endmacro %}

{% macro default__array_of(value, order_by) -%}
    {#- Snowflake's array of nothing is empty. -#}
    case
        when count({{ value }}) > 0
            then array_agg({{ value }}) within group (order by {{ order_by }})
    end
{%- endmacro %}

{% macro duckdb__array_of(value, order_by) -%}
    array_agg({{ value }} order by {{ order_by }})
    filter (where {{ value }} is not null)
{%- endmacro %}
