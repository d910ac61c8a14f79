{# An option of `meta.sync`, such as missing_user, or its default; of a table for Cloud Data
   Ingestion it stands in meta.cloud_data_ingestion. A unit test has no meta: it runs with
   the default. #}
{% macro sync_option(name, default) -%}
    {%- set meta = config.get('meta') or {} -%}
    {%- set sync = meta.get('sync') or meta.get('cloud_data_ingestion') or {} -%}
    {{- return(sync.get(name, default)) -}}
{%- endmacro %}
