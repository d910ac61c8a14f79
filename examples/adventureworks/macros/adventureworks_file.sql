{# Where a file of the shop lies, as the inside of an SQL text. #}
{% macro adventureworks_file(name) -%}
    {{ return(
        (env_var('ADVENTUREWORKS_DIR', '') ~ '/AdventureWorks_' ~ name ~ '.csv')
        | replace("'", "''")
    ) }}
{%- endmacro %}
