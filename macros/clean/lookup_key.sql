{#
    What two spellings of one name have in common: "U.S.A." and "usa" give the same
    key. Both sides of a join with braze_countries or braze_languages go through it.
#}
{% macro lookup_key(spelling) -%}
    {{ return(adapter.dispatch('lookup_key', 'braze_bridge')(spelling)) }}
{%- endmacro %}

{% macro default__lookup_key(spelling) -%}
    {%- set text = "lower(" ~ braze_bridge.blank_to_null(spelling) ~ ")" -%}
    {{ braze_bridge.replace_pattern(text, "[ .,'’()&/_-]", '') }}
{%- endmacro %}
