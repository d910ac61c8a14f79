{# A date or timestamp as a timestamp in UTC, null for anything else: a text would be read
   in the session's time zone. One without a zone is taken as UTC. #}
{% macro utc_moment(column) -%}
    {{- adapter.dispatch('utc_moment', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__utc_moment(column) -%}
    {{- braze_bridge.only_on_duckdb('utc_moment') -}}
{%- endmacro %}

{% macro duckdb__utc_moment(column) -%}
    case
        when not isfinite(try_cast({{ column }} as timestamp)) then null
        when typeof({{ column }}) = 'TIMESTAMP WITH TIME ZONE'
            then timezone('UTC', try_cast({{ column }} as timestamptz))
        when typeof({{ column }}) = 'DATE' or starts_with(typeof({{ column }}), 'TIMESTAMP')
            then try_cast({{ column }} as timestamp)
    end
{%- endmacro %}
