{# What Braze bills for one attribute on contracts with data points: one for each key of
   an object or of the objects in an array, one for anything else, none for consent,
   tokens and nothing sent. #}
{% macro duckdb__data_points(name, value) -%}
    case
        when {{ value }} is null then 0
        when {{ name }} in ({{ braze_bridge.names_without_data_points() }}) then 0
        when starts_with({{ value }}, '{') then greatest(1, len(json_keys({{ value }})))
        when starts_with({{ value }}, '[{') then greatest(1, list_sum(list_transform(
            json_extract({{ value }}, '$[*]'), lambda item: len(json_keys(item))
        )))
        else 1
    end
{%- endmacro %}

{% macro names_without_data_points() -%}
    'email_subscribe', 'push_subscribe', 'subscription_groups', 'push_tokens'
{%- endmacro %}
