{#
    Whether the orders of a channel leave as purchases. Braze counts the revenue of
    purchases and of e-commerce events alike, so an order must be one or the other: the
    var braze_purchase_channels lists the channels whose orders are purchases.
#}
{% macro is_sent_as_purchase(channel) -%}
    {%- set channels = var('braze_purchase_channels', []) -%}
    {%- if channels -%}
        coalesce({{ channel }} in ('{{ channels | join("', '") }}'), false)
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
