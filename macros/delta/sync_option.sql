{# An option of `meta.sync`, such as missing_user, or its default. A unit test has no meta:
   it runs with the default. #}
{% macro sync_option(name, default) -%}
    {%- set sync = (config.get('meta') or {}).get('sync') or {} -%}
    {{- return(sync.get(name, default)) -}}
{%- endmacro %}
