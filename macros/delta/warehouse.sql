{# Where DuckDB may compute a CTE twice, and where it must not. Snowflake decides alone. #}
{% macro materialized() -%}
    {{- adapter.dispatch('materialized', 'braze_bridge')() -}}
{%- endmacro %}

{% macro default__materialized() -%}{%- endmacro %}

{% macro duckdb__materialized() -%}materialized{%- endmacro %}


{% macro not_materialized() -%}
    {{- adapter.dispatch('not_materialized', 'braze_bridge')() -}}
{%- endmacro %}

{% macro default__not_materialized() -%}{%- endmacro %}

{% macro duckdb__not_materialized() -%}not materialized{%- endmacro %}


{% macro text_array_type() -%}
    {{- return(adapter.dispatch('text_array_type', 'braze_bridge')()) -}}
{%- endmacro %}

{% macro default__text_array_type() -%}
    {{- return('array') -}}
{%- endmacro %}

{% macro duckdb__text_array_type() -%}
    {{- return('varchar[]') -}}
{%- endmacro %}


{# Whether two JSON texts are one value: the order of keys and the spelling of numbers do
   not count. What is no JSON is like nothing. #}
{% macro is_same_json(left, right) -%}
    {{- adapter.dispatch('is_same_json', 'braze_bridge')(left, right) -}}
{%- endmacro %}

{% macro default__is_same_json(left, right) -%}
    coalesce(to_json(try_parse_json({{ left }})) = to_json(try_parse_json({{ right }})), false)
{%- endmacro %}

{% macro duckdb__is_same_json(left, right) -%}
    (
        {{ braze_bridge.duckdb__canonical_json(left) }}
        is not distinct from {{ braze_bridge.duckdb__canonical_json(right) }}
    )
{%- endmacro %}


{# Whether none of several users is suppressed, for a WHERE. #}
{% macro is_none_suppressed(user_keys) -%}
    {{- adapter.dispatch('is_none_suppressed', 'braze_bridge')(user_keys) -}}
{%- endmacro %}

{# No object touches more than three. Snowflake documents IN (select ...) for the conditions
   of a WHERE, and never beside an OR. #}
{% macro default__is_none_suppressed(user_keys) -%}
    {%- for place in range(3) %}
    {{ 'and ' if not loop.first }}coalesce(
        {{ braze_bridge.user_hash('cast(' ~ user_keys ~ '[' ~ place ~ '] as varchar)') }}, ''
    ) not in (select user_hash from suppressed_users)
    {%- endfor %}
{%- endmacro %}

{% macro duckdb__is_none_suppressed(user_keys) -%}
    not coalesce(
        list_has_any(
            list_transform({{ user_keys }}, lambda user_key: sha256(user_key)),
            (select list(user_hash) from suppressed_users)
        ),
        false
    )
{%- endmacro %}
