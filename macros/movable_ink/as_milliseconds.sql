{# A whole number as it is, a timestamp as epoch milliseconds, null for anything else: a text
   or a fraction is not guessed. #}
{% macro as_milliseconds(column) -%}
    {{- adapter.dispatch('as_milliseconds', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__as_milliseconds(column) -%}
    {%- set value = 'to_variant(' ~ column ~ ')' -%}
    case
        when typeof({{ value }}) = 'INTEGER'
            then try_cast(cast({{ value }} as varchar) as bigint)
        else {{ braze_bridge.epoch_milliseconds(braze_bridge.utc_moment(column)) }}
    end
{%- endmacro %}

{% macro duckdb__as_milliseconds(column) -%}
    case
        when ends_with(typeof({{ column }}), 'INT') or typeof({{ column }}) = 'INTEGER'
            then try_cast(cast({{ column }} as varchar) as bigint)
        else {{ braze_bridge.epoch_milliseconds(braze_bridge.utc_moment(column)) }}
    end
{%- endmacro %}


{# A timestamp in UTC as epoch milliseconds. #}
{% macro epoch_milliseconds(moment) -%}
    {{- adapter.dispatch('epoch_milliseconds', 'braze_bridge')(moment) -}}
{%- endmacro %}

{% macro default__epoch_milliseconds(moment) -%}
    date_part(epoch_millisecond, {{ moment }})
{%- endmacro %}

{% macro duckdb__epoch_milliseconds(moment) -%}
    epoch_ms({{ moment }})
{%- endmacro %}


{# The moment before which an event is too old to be sent. In a project whose as_of_date is
   fixed, such as the demo, that day is today. #}
{% macro earliest_event() -%}
    {%- if var('as_of_date', none) -%}
        least(
            {{ braze_bridge.utc_now() }},
            cast({{ braze_bridge.as_of_date() }} as datetime) + interval '1 day'
        )
    {%- else -%}
        {{ braze_bridge.utc_now() }}
    {%- endif %} - interval '30 days'
{%- endmacro %}
