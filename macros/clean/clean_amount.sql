{#
    A price as people type it ("€ 1.299,00", "EUR 19.90", "19,90 €") as decimal(18, 2),
    null where there is no number. A comma or dot before three last digits separates
    thousands; before any other number of digits it is the decimal sign.
#}
{% macro clean_amount(amount) -%}
    {{ return(adapter.dispatch('clean_amount', 'braze_bridge')(amount)) }}
{%- endmacro %}

{% macro default__clean_amount(amount) -%}
    {%- set digits = braze_bridge.replace_pattern(amount, '[^0-9.,-]', '') -%}
    {%- set whole = braze_bridge.replace_pattern(digits, '[.,]([0-9]{1,2}|[0-9]{4,})$', '') -%}
    {%- set cents = braze_bridge.keep_pattern(digits, '.*[.,]([0-9]{1,2}|[0-9]{4,})') -%}
    try_cast(
        {{ braze_bridge.replace_pattern(whole, '[.,]', '') }}
        || coalesce('.' || {{ braze_bridge.replace_pattern(cents, '^.*[.,]', '') }}, '')
        as decimal(18, 2)
    )
{%- endmacro %}
