{# The columns of a mart: name, sql_type, type (what Braze calls it, or null), place. Types
   are known without a row: of an empty mart, too. #}
{% macro catalog_fields(mart) -%}
    {{- adapter.dispatch('catalog_fields', 'braze_bridge')(mart) -}}
{%- endmacro %}

{% macro duckdb__catalog_fields(mart) -%}
    (
        select *, {{ braze_bridge.duckdb__catalog_type('sql_type') }} as type
        from (
            select
                unnest(names) as name,
                unnest(types) as sql_type,
                generate_subscripts(names, 1) as place
            from (
                select list_value(*columns('^_name_')) as names, list_value(*columns('^_type_')) as types
                from (
                    select
                        concat(alias(columns(mart.*)), '') as "_name_\0",
                        typeof(columns(mart.*)) as "_type_\0"
                    from (select 1)
                    left join (select * from {{ mart }} limit 1) as mart on true
                )
            )
        )
    )
{%- endmacro %}

{# A VARIANT may hold anything: the items show what it does. #}
{% macro default__catalog_fields(mart) -%}
    {%- set types = {
        'VARCHAR|TEXT|STRING|CHAR.*': 'string',
        'BOOLEAN': 'boolean',
        'NUMBER|DECIMAL|NUMERIC|.*INT|INTEGER|FLOAT|DOUBLE.*|REAL': 'number',
        'DATE|DATETIME|TIMESTAMP.*': 'time',
        'ARRAY': 'array',
        'OBJECT|VARIANT|MAP.*': 'object',
    } -%}
    (
        {%- for field in braze_bridge.snowflake__catalog_columns(mart) %}
        {%- set known = [] %}
        {%- for pattern, type in types.items() if modules.re.fullmatch(pattern, field.type) %}
            {%- do known.append("'" ~ type ~ "'") %}
        {%- endfor %}
        select
            '{{ field.name }}' as name,
            '{{ field.type }}' as sql_type,
            cast({{ known[0] or 'null' }} as varchar) as type,
            {{ loop.index }} as place
        {{- ' union all' if not loop.last }}
        {%- else %}
        select
            cast(null as varchar) as name,
            cast(null as varchar) as sql_type,
            cast(null as varchar) as type,
            0 as place
        where false
        {%- endfor %}
    )
{%- endmacro %}


{# What Braze was told of a catalog, from the CTE sent_rows: name, type. #}
{% macro told_fields(catalog) -%}
    {{- adapter.dispatch('told_fields', 'braze_bridge')(catalog) -}}
{%- endmacro %}

{% macro default__told_fields(catalog) -%}
    (
        select
            cast(get(field.value, 'name') as varchar) as name,
            cast(get(field.value, 'type') as varchar) as type
        from sent_rows,
            lateral flatten(input => get(try_parse_json(sent_rows.row_json), 'fields')) as field
        where sent_rows.row_key = '{{ catalog }}' and sent_rows.row_hash <> ''
    )
{%- endmacro %}

{% macro duckdb__told_fields(catalog) -%}
    (
        select unnest(from_json(
            json_extract(row_json, '$.fields'), '[{"name": "VARCHAR", "type": "VARCHAR"}]'
        ), recursive := true)
        from sent_rows
        where row_key = '{{ catalog }}' and row_hash <> ''
    )
{%- endmacro %}


{# What Braze calls a SQL type. #}
{% macro duckdb__catalog_type(sql_type) -%}
    case
        when {{ sql_type }} in ('VARCHAR', 'UUID') or starts_with({{ sql_type }}, 'ENUM')
            then 'string'
        when {{ sql_type }} = 'BOOLEAN' then 'boolean'
        when
            {{ sql_type }} in (
                'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT',
                'UINTEGER', 'UBIGINT', 'UHUGEINT', 'FLOAT', 'DOUBLE'
            )
            or starts_with({{ sql_type }}, 'DECIMAL') and not ends_with({{ sql_type }}, ']')
            then 'number'
        when {{ sql_type }} = 'DATE' or starts_with({{ sql_type }}, 'TIMESTAMP')
            and not ends_with({{ sql_type }}, ']')
            then 'time'
        when {{ sql_type }} = 'VARCHAR[]' then 'array'
        when
            {{ sql_type }} = 'JSON'
            or regexp_matches({{ sql_type }}, '^(STRUCT|MAP)') and not ends_with({{ sql_type }}, ']')
            then 'object'
    end
{%- endmacro %}
