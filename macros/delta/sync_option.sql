{# An option of `meta.sync`, such as missing_user, or its default. A unit test has no meta
   of its own: it runs with that of the model it tests. #}
{% macro sync_option(name, default) -%}
    {%- set tested = model.get('tested_node_unique_id') -%}
    {%- set meta = graph.nodes[tested].config.meta if tested and execute else config.get('meta') -%}
    {%- set sync = (meta or {}).get('sync') or {} -%}
    {{- return(sync.get(name, default)) -}}
{%- endmacro %}
