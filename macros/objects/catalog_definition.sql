{# The catalog as the mart's columns say: one row for pending_objects. The ledger keeps
   every field that Braze was told of, since a field stays there when its column goes. #}
{% macro catalog_definition(mart, catalog, description) -%}
    with fields as (

        select name, sql_type, type, place
        from {{ braze_bridge.catalog_fields(mart) }} as mart_fields

    ),

    {# A full resync forgets them: the catalog may have been deleted in Braze. #}
    sent_fields as (

        select name, type from {{ braze_bridge.told_fields(catalog) }} as told_fields

    ),

    kept_fields as (

        select name, type from sent_fields where name not in (select name from fields)
        union all
        select name, type from fields

    ),

    problems as (

        select
            case
                when {{ braze_bridge.keep_pattern('name', '[A-Za-z0-9_-]{1,250}') }} is null
                    then name || ': names of fields are up to 250 letters, digits, - and _'
                when
                    substr(name, 1, 6) = '_null_'
                    or name in ('{{ braze_bridge.reserved_names() | join("', '") }}')
                    then name || ' is a name that the delta keeps for itself: rename the column'
                when name = 'id' and type is distinct from 'string'
                    then 'id must be a text'
                when type is null
                    then name || ' is ' || sql_type || ', for which a catalog has no type'
                    || case
                        when sql_type like '%]' then ': its arrays are of texts' else ''
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
                || {{ braze_bridge.joined_texts(
                    braze_bridge.field_json(), "case when name = 'id' then 0 else 1 end, place"
                ) }} || ']}'
            from fields
        ) as payload,
        {# In the order of their names: that of the columns is no difference. #}
        (
            select
                '{"name":"{{ catalog }}","fields":['
                || {{ braze_bridge.joined_texts(braze_bridge.field_json(), 'name') }} || ']}'
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


{# The texts of a group with commas between them. #}
{% macro joined_texts(text, order_by) -%}
    {{- adapter.dispatch('joined_texts', 'braze_bridge')(text, order_by) -}}
{%- endmacro %}

{% macro default__joined_texts(text, order_by) -%}
    listagg({{ text }}, ',') within group (order by {{ order_by }})
{%- endmacro %}

{% macro duckdb__joined_texts(text, order_by) -%}
    string_agg({{ text }}, ',' order by {{ order_by }})
{%- endmacro %}
