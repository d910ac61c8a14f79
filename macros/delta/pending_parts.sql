{# The columns of pending rows that an object fills, with type and default. #}
{% macro pending_part_types() -%}
    {{- return({
        'payload': ('varchar', 'null'),
        'row_json': ('varchar', 'payload'),
        'data_points': ('integer', '0'),
        'problem': ('varchar', 'null'),
        'operation': ('varchar', 'null'),
        'scope': ('varchar', 'null'),
        'user_key': ('varchar', 'null'),
        'user_keys': (braze_bridge.text_array_type(), 'null'),
        'sort_key': ('varchar', 'null'),
        'adoptable': ('boolean', 'false'),
        'reach': ('bigint', 'null'),
        'waits': ('varchar', 'null'),
    }) -}}
{%- endmacro %}


{# `row_json` is what stands there when the parts are silent about it. `payload` is a fine
   name for a mart's column: what stands for the part is called _payload. #}
{% macro pending_parts(parts, row_json='_payload') -%}
    cast({{ parts.get('payload') or 'null' }} as varchar) as _payload,
    {%- for name, (type, default) in braze_bridge.pending_part_types().items() %}
        {%- set part = parts.get(name) or (row_json if name == 'row_json' else default) %}
        {%- if name == 'payload' %}
        {%- set part = '_payload' %}
        {%- elif name == 'problem' %}
        {#- A null that nobody thought of would make the whole payload null. #}
        {%- set part = "coalesce(" ~ part ~ ", case when _payload is null then "
            ~ "'a column that every row needs is null' end)" %}
        {%- endif %}
        cast({{ part }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro pending_columns() -%}
    row_key, change, payload, row_json, row_hash, data_points, key_count, problem,
    operation, scope, user_key, user_keys, sort_key, adoptable, reach, waits
{%- endmacro %}


{% macro check_pending_parts(parts, also=[]) -%}
    {%- set known = braze_bridge.pending_part_types().keys() | list + also -%}
    {%- for name in parts if name not in known -%}
        {{- exceptions.raise_compiler_error(
            "pending_objects: '" ~ name ~ "' is none of " ~ known | join(', ')
        ) -}}
    {%- endfor -%}
{%- endmacro %}
