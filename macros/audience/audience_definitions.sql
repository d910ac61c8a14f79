{#
    One row per audience of this project: audience_id, label, model. An audience is a model
    with `meta: {audience: {label: ...}}`; its label is what people read in Braze.
    Two audiences with one id or one label are an error, in every audience.
#}
{% macro audience_definitions() -%}
    {%- set definitions = braze_bridge.audiences() -%}
    {%- for definition in definitions %}
select
    '{{ definition.id }}' as audience_id,
    '{{ definition.label | replace("'", "''") }}' as label,
    '{{ definition.model }}' as model
{% if not loop.last %}union all{% endif %}
    {%- else %}
select
    cast(null as varchar) as audience_id,
    cast(null as varchar) as label,
    cast(null as varchar) as model
where false
    {%- endfor %}
{%- endmacro %}


{# The audiences as a list, by id: {id, label, model, unique_id}. Labels that differ only in
   case or spaces are one label to the marketer who has to choose between them. #}
{% macro audiences() -%}
    {%- set found = {} -%}
    {%- set labels = {} -%}
    {#- While dbt parses, and in unit tests, the graph is empty. -#}
    {%- set nodes = graph.get('nodes', {}).values() -%}
    {%- for node in nodes | sort(attribute='unique_id')
        if node.resource_type == 'model' and node.config.meta.get('audience') -%}
        {%- set audience = node.config.meta.audience -%}
        {%- set id = audience.get('id') or braze_bridge.audience_name(node.name) -%}
        {%- set label = audience.get('label') or '' -%}
        {%- set read_label = label | lower | replace(' ', '') -%}
        {%- set mistake = 'has no meta.audience.label' if not read_label
            else "has the id '" ~ id ~ "' of " ~ found[id].model if id in found
            else "has the label '" ~ label ~ "' of " ~ labels[read_label]
            if read_label in labels
            else "has an id that is not of a-z, 0-9 and _: '" ~ id ~ "'"
            if not modules.re.fullmatch('[a-z0-9_]+', id) -%}
        {%- if mistake -%}
            {{- exceptions.raise_compiler_error('The audience ' ~ node.name ~ ' ' ~ mistake) -}}
        {%- endif -%}
        {%- do labels.update({read_label: node.name}) -%}
        {%- do found.update({id: {
            'id': id, 'label': label, 'model': node.name, 'unique_id': node.unique_id
        }}) -%}
    {%- endfor -%}
    {{- return(found.values() | sort(attribute='id')) -}}
{%- endmacro %}
