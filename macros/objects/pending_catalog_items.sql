{#
    The items of a mart that a Braze catalog lacks or has differently, and the catalog
    itself: created when it is missing, given new fields when the mart has new columns.

    mart         a column id (letters, digits, - and _) and any others: each is a field of
                 the catalog under its own name, of the type that its SQL type says
    catalog      the catalog's name in Braze
    description  what the dashboard says of it when it is created
    on_removed   what a row that left the mart means: 'delete' or 'ignore'

    An item travels whole: what is null is not in it, and so no longer in Braze. Braze
    cannot change the type of a field: such a mart is refused and its items wait.
#}
{% macro pending_catalog_items(mart, catalog, description='', on_removed='delete') -%}
    {{- braze_bridge.check_catalog(catalog, description, on_removed) -}}
    {%- set removed = {
        'payload': "'{\"id\":' || " ~ braze_bridge.json_text(
            braze_bridge.json_member('row_json', 'id')
        ) ~ " || '}'",
        'operation': "'items_delete'",
        'scope': braze_bridge.catalog_of_row_key(),
        'where': braze_bridge.json_member('row_json', 'id') ~ ' is not null',
    } -%}
    {{- braze_bridge.pending_objects(
        mart,
        row_key="'" ~ catalog ~ "/' || cast(id as varchar)",
        prepared=braze_bridge.prepared_items(mart),
        parts={
            'payload': "'{\"id\":' || coalesce(" ~ braze_bridge.json_text('id')
                ~ ", 'null') || coalesce(',' || nullif(_members, ''), '') || '}'",
            'operation': "'items'",
            'scope': "'" ~ catalog ~ "'",
            'problem': '_problem',
        },
        removed=removed if on_removed == 'delete' else none,
        definitions=braze_bridge.catalog_definition(mart, catalog, description),
    ) -}}
{%- endmacro %}


{# The key of an item is <catalog>/<id>: the catalog it once was in need not be the one
   that the mart fills now. #}
{% macro catalog_of_row_key() -%}
    substr(row_key, 1, position('/' in row_key) - 1)
{%- endmacro %}


{% macro check_catalog(catalog, description, on_removed) -%}
    {%- if not modules.re.fullmatch('[A-Za-z0-9_-]{1,250}', catalog) -%}
        {{- exceptions.raise_compiler_error(
            "pending_catalog_items: catalog '" ~ catalog
            ~ "': Braze takes up to 250 letters, digits, - and _"
        ) -}}
    {%- endif -%}
    {%- if description | length > 250 -%}
        {{- exceptions.raise_compiler_error(
            'pending_catalog_items: Braze takes descriptions of up to 250 characters'
        ) -}}
    {%- endif -%}
    {%- if on_removed not in ['delete', 'ignore'] -%}
        {{- exceptions.raise_compiler_error(
            "pending_catalog_items: on_removed '" ~ on_removed ~ "' is none of delete, ignore"
        ) -}}
    {%- endif -%}
{%- endmacro %}


{# Adds _members (the fields of an item that are not null, as the inside of a JSON object)
   and _problem. #}
{% macro prepared_items(mart) -%}
    {{- adapter.dispatch('prepared_items', 'braze_bridge')(mart) -}}
{%- endmacro %}

{% macro duckdb__prepared_items(mart) -%}
    {%- set ours = '_row_key, _row_hash, _is_known, _is_resync' -%}
    {%- set fields = 'columns(* exclude (' ~ ours ~ '))' -%}
    select
        {{ ours }},
        id,
        {{ braze_bridge.duckdb__members('_entries') }} as _members,
        {{ braze_bridge.duckdb__item_problem() }} as _problem
    from (
        select
            {{ ours }},
            id,
            list_filter(
                list_zip(_names, _texts, _types),
                lambda entry: entry[1] <> 'id' and entry[2] is not null
            ) as _entries
        from (
            select
                {{ ours }},
                id,
                list_value(*columns('^_name_')) as _names,
                list_value(*columns('^_text_')) as _texts,
                list_value(*columns('^_type_')) as _types
            from (
                select
                    {{ ours }},
                    id,
                    concat(alias({{ fields }}), '') as "_name_\0",
                    {{ braze_bridge.duckdb__attribute_json(fields) }} as "_text_\0",
                    typeof({{ fields }}) as "_type_\0"
                from offered_rows
            )
        )
    )
{%- endmacro %}


{# _entries holds the name, the JSON text and the SQL type of each field that is not null.
   What a column of JSON holds shows in the item alone. #}
{% macro duckdb__item_problem() -%}
    {%- set rules = {
        'is JSON, and no object': "entry[3] = 'JSON' and not starts_with(entry[2], '{')",
        'is NaN or infinite': "regexp_matches(entry[2], '^-?(NaN|Infinity|nan|inf)')
            or (regexp_matches(entry[2], '^-?[0-9]') and not isfinite(try_cast(entry[2] as double)))",
        'has more than 5,000 characters': "starts_with(entry[2], '\"')
            and length(entry[2]) > 5002 and length(json_extract_string(entry[2], '$')) > 5000",
        'has more than 100 elements': "starts_with(entry[2], '[')
            and json_array_length(entry[2]) > 100",
        'is an array of something else than texts': "starts_with(entry[2], '[')
            and len(list_filter(
                json_extract(entry[2], '$[*]'), lambda item: json_type(item) <> 'VARCHAR'
            )) > 0",
        'has a name with . or $ in an object': "starts_with(entry[2], '{')
            and regexp_matches(entry[2], '\"([^\"\\\\]|\\\\.)*[.$]([^\"\\\\]|\\\\.)*\":')",
    } -%}
    case
        when id is null then 'id is missing'
        when not regexp_full_match(cast(id as varchar), '[A-Za-z0-9_-]{1,250}')
            then 'id has more than 250 characters, or others than letters, digits, - and _'
        {%- for words, rule in rules.items() %}
        when len(list_filter(_entries, lambda entry: {{ rule }})) > 0
            then list_filter(_entries, lambda entry: {{ rule }})[1][1] || ' {{ words }}'
        {%- endfor %}
        when len(list_filter(
            _entries,
            lambda entry: {{ braze_bridge.duckdb__problem('entry[2]') }} is not null
        )) > 0
            then 'a null stands deep inside a field'
    end
{%- endmacro %}
