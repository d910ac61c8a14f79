{#
    The columns of a mart that an object reads, and no other: a further column could bear a
    name that the delta uses for its own, and would be taken for it.

    columns   {name: type}; an identifier is a varchar, whatever the mart makes of it. A
              value that is not of the type is null; a type of none leaves the column alone
    optional  those of the columns that are null where the mart lacks them
#}
{% macro mart_columns(mart, columns, optional=[]) -%}
    {%- for name in columns if name in braze_bridge.reserved_names() -%}
        {{- exceptions.raise_compiler_error(
            model.name ~ ': no mart may call a column ' ~ name ~ ': the delta has one of this name'
        ) -}}
    {%- endfor -%}
(
    select
        {%- for name, type in columns.items() %}
        {% if type == 'varchar' -%}
        cast({{ name }} as varchar) as {{ name }}
        {%- elif type -%}
        {# Snowflake tries texts alone. #}
        try_cast(cast({{ name }} as varchar) as {{ type }}) as {{ name }}
        {%- else -%}
        {{ name }}
        {%- endif -%}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from
    {%- if optional %} (
        select * from {{ mart }}
        union all by name
        select
            {%- for name in optional %}
            null as {{ name }}{% if not loop.last %},{% endif %}
            {%- endfor %}
        where false
    )
    {%- else %} {{ mart }}
    {%- endif %}
)
{%- endmacro %}


{# The columns that say whose a row is, and these. #}
{% macro with_user_columns(user, columns) -%}
    {%- if user == 'user_alias' -%}
        {{- return(dict(columns, alias_name='varchar', alias_label='varchar')) -}}
    {%- endif -%}
    {{- return(dict(columns, **{user: 'varchar'})) -}}
{%- endmacro %}
