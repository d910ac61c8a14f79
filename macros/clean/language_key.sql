{#
    The lookup_key of the language alone, without the region: en-US, en_GB and
    "English (UK)" all ask for English.
#}
{% macro language_key(spelling) -%}
    {{ return(adapter.dispatch('language_key', 'braze_bridge')(spelling)) }}
{%- endmacro %}

{% macro default__language_key(spelling) -%}
    {%- set language = braze_bridge.replace_pattern(spelling, '[_(-].*$', '') -%}
    {{ braze_bridge.lookup_key(language) }}
{%- endmacro %}
