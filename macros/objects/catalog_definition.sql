{# The catalog as the mart's columns say: one row for pending_objects. The ledger keeps
   every field that Braze was told of, since a field stays there when its column goes. #}
{% macro catalog_definition(mart, catalog, description) -%}
    {{- adapter.dispatch('catalog_definition', 'braze_bridge')(mart, catalog, description) -}}
{%- endmacro %}

{% macro default__catalog_definition(mart, catalog, description) -%}
    {{- braze_bridge.only_on_duckdb('catalog_definition') -}}
{%- endmacro %}

{% macro duckdb__catalog_definition(mart, catalog, description) -%}
    with typed_columns as (

        {# Types are known without a row: of an empty mart, too. #}
        select list_value(*columns('^_name_')) as names, list_value(*columns('^_type_')) as types
        from (
            select
                concat(alias(columns(mart.*)), '') as "_name_\0",
                typeof(columns(mart.*)) as "_type_\0"
            from (select 1)
            left join (select * from {{ mart }} limit 1) as mart on true
        )

    ),

    fields as (

        select
            unnest(names) as name,
            unnest(types) as sql_type,
            {{ braze_bridge.catalog_type('sql_type') }} as type,
            generate_subscripts(names, 1) as place
        from typed_columns

    ),

    {# A full resync forgets them: the catalog may have been deleted in Braze. #}
    sent_fields as (

        select unnest(from_json(
            json_extract(row_json, '$.fields'), '[{"name": "VARCHAR", "type": "VARCHAR"}]'
        ), recursive := true)
        from sent_rows
        where row_key = '{{ catalog }}' and row_hash <> ''

    ),

    kept_fields as (

        select name, type from sent_fields where name not in (select name from fields)
        union all
        select name, type from fields

    ),

    problems as (

        select
            case
                when not regexp_full_match(name, '[A-Za-z0-9_-]{1,250}')
                    then name || ': names of fields are up to 250 letters, digits, - and _'
                when
                    starts_with(name, '_null_')
                    or name in ('{{ braze_bridge.reserved_names() | join("', '") }}')
                    then name || ' is a name that the delta keeps for itself: rename the column'
                when name = 'id' and type is distinct from 'string'
                    then 'id must be a text'
                when type is null
                    then name || ' is ' || sql_type || ', for which a catalog has no type'
                    || case
                        when ends_with(sql_type, ']') then ': its arrays are of texts' else ''
                    end
            end as problem
        from fields
        union all
        select
            fields.name || ' is ' || sent_fields.type || ' in Braze and cannot become '
            || fields.type || ': give it a new name, or delete the catalog there and push '
            || 'with --full-resync'
        from fields
        inner join sent_fields on fields.name = sent_fields.name
        where fields.type <> sent_fields.type
        union all
        select 'id is missing' where 'id' not in (select name from fields)
        union all
        select 'a catalog has at most 500 fields' where (select count(*) from kept_fields) > 500

    )

    select
        '{{ catalog }}' as row_key,
        (
            select
                '{"name":"{{ catalog }}","description":'
                || {{ braze_bridge.json_text("'" ~ description | replace("'", "''") ~ "'") }}
                || ',"fields":['
                || string_agg({{ braze_bridge.field_json() }}, ',' order by name <> 'id', place)
                || ']}'
            from fields
        ) as payload,
        {# In the order of their names: that of the columns is no difference. #}
        (
            select
                '{"name":"{{ catalog }}","fields":['
                || string_agg({{ braze_bridge.field_json() }}, ',' order by name) || ']}'
            from kept_fields
        ) as row_json,
        'catalog' as operation,
        '{{ catalog }}' as scope,
        (select min(problem) from problems) as problem
{%- endmacro %}


{% macro field_json() -%}
    '{"name":' || {{ braze_bridge.json_text('name') }} || ',"type":"' || coalesce(type, '')
    || '"}'
{%- endmacro %}


{# What Braze calls a SQL type. #}
{% macro catalog_type(sql_type) -%}
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
