{# The name of a sync is its model's name without `__pending`. A unit test knows the
   model it tests only by its unique id. #}
{% macro sync_name() -%}
    {%- set tested = model.get('tested_node_unique_id') -%}
    {%- set name = tested.split('.')[-1] if tested else model.name -%}
    {{- return(name[:-9] if name.endswith('__pending') else name) -}}
{%- endmacro %}


{# `meta.sync.mode`: upsert creates unknown profiles, update leaves them alone. #}
{% macro sync_mode() -%}
    {{- return(braze_bridge.sync_option('mode', 'upsert')) -}}
{%- endmacro %}
