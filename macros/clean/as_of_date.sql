{#
    "Today" for every model: the var as_of_date, else the UTC date the run started.
    The only clock of the models, so that a unit test or a replay can set it.
#}
{% macro as_of_date() -%}
    {{ return(adapter.dispatch('as_of_date', 'braze_bridge')()) }}
{%- endmacro %}

{% macro default__as_of_date() -%}
    cast('{{ var("as_of_date", none) or run_started_at.strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}
