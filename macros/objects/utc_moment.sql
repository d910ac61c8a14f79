{# A date or timestamp as a timestamp in UTC, null for anything else: a text would be read
   in the session's time zone. One without a zone is taken as UTC. #}
{% macro utc_moment(column) -%}
    {{- adapter.dispatch('utc_moment', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__utc_moment(column) -%}
    {%- set value = 'to_variant(' ~ column ~ ')' -%}
    case typeof({{ value }})
        when 'TIMESTAMP_NTZ' then cast({{ value }} as timestamp_ntz)
        when 'DATE' then cast(cast({{ value }} as date) as timestamp_ntz)
        when 'TIMESTAMP_TZ' then {{ braze_bridge.snowflake__in_utc(value) }}
        when 'TIMESTAMP_LTZ' then {{ braze_bridge.snowflake__in_utc(value) }}
    end
{%- endmacro %}

{% macro snowflake__in_utc(moment) -%}
    cast(convert_timezone('UTC', cast({{ moment }} as timestamp_tz)) as timestamp_ntz)
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
