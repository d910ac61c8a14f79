{# The `time` of an event as a timestamp in UTC. Braze writes seconds, as an int or a long;
   what is too large to be seconds (the year 5138) is taken as milliseconds. #}
{% macro currents_moment(time) -%}
    {%- set milliseconds -%}
        case
            when {{ time }} > 100000000000 then least({{ time }}, 253402300799000)
            else greatest({{ time }}, 0) * 1000
        end
    {%- endset -%}
    {{- adapter.dispatch('currents_moment', 'braze_bridge')(milliseconds) -}}
{%- endmacro %}

{% macro default__currents_moment(milliseconds) -%}
    to_timestamp_ntz({{ milliseconds }}, 3)
{%- endmacro %}

{% macro duckdb__currents_moment(milliseconds) -%}
    epoch_ms({{ milliseconds }})
{%- endmacro %}


{# Why an event is set aside, or null. Braze's dashboard sends test events with the values
   of its documentation, dated years ahead: the last word of 2034 would stand for ever. #}
{% macro currents_set_aside(time) -%}
    case
        when {{ time }} is null then 'time is missing'
        when
            {{ braze_bridge.currents_moment(time) }}
            > {{ braze_bridge.latest_moment() }} + interval '1 hour'
            then 'time lies in the future'
    end
{%- endmacro %}


{# A text that holds JSON, as Braze writes properties; null for what is none. #}
{% macro currents_json(text) -%}
    {{- adapter.dispatch('currents_json', 'braze_bridge')(text) -}}
{%- endmacro %}

{% macro default__currents_json(text) -%}
    try_parse_json({{ text }})
{%- endmacro %}

{% macro duckdb__currents_json(text) -%}
    try_cast({{ text }} as json)
{%- endmacro %}


{# A member of a text that holds JSON, as text. #}
{% macro currents_json_member(text, name) -%}
    {{- adapter.dispatch('currents_json_member', 'braze_bridge')(text, name) -}}
{%- endmacro %}

{% macro default__currents_json_member(text, name) -%}
    {{- braze_bridge.json_member(text, name) -}}
{%- endmacro %}

{% macro duckdb__currents_json_member(text, name) -%}
    {{- braze_bridge.json_member(braze_bridge.currents_json(text), name) -}}
{%- endmacro %}
