{# prepared_items for Snowflake: the columns of the mart are read while the model is built. #}
{% macro snowflake__prepared_items(mart) -%}
    {%- set fields = braze_bridge.snowflake__catalog_columns(mart) -%}
    {%- set ours = '_row_key, _row_hash, _is_known, _is_resync' -%}
    select
        {{ ours }},
        id,
        substr(
            ''
            {%- for field in fields if field.name != 'id' %}
            || coalesce(',' || {{ braze_bridge.json_text("'" ~ field.name ~ "'") }} || ':' || text_{{ loop.index }}, '')
            {%- endfor %},
            2
        ) as _members,
        {{ braze_bridge.snowflake__item_problem(fields) }} as _problem
    from (
        select
            {{ ours }},
            id
            {%- for field in fields if field.name != 'id' %},
            nullif({{ braze_bridge.snowflake__without_nulls(
                braze_bridge.snowflake__attribute_json(field.column, field.type)
            ) }}, 'null') as text_{{ loop.index }}
            {%- endfor %}
        from offered_rows
    ) as items
{%- endmacro %}


{# {name, column, type} of each column; a name without a lower-case letter is one that nobody
   quoted, and leaves in lower case. #}
{% macro snowflake__catalog_columns(mart) -%}
    {%- set fields = [] -%}
    {%- for column in braze_bridge.snowflake__columns(mart) -%}
        {%- do fields.append({
            'name': (column.name | lower if column.name == column.name | upper else column.name)
                | replace("'", "''"),
            'column': adapter.quote(column.name),
            'type': column.dtype | upper,
        }) -%}
    {%- endfor -%}
    {{- return(fields) -}}
{%- endmacro %}


{# By rule, as on DuckDB, and then by column. Objects and arrays alone are looked into. #}
{% macro snowflake__item_problem(fields) -%}
    {%- set bare = "regexp_replace(TEXT, '" ~ braze_bridge.snowflake__string_pattern() ~ "', '\"\"')" -%}
    {%- set nested = '^(OBJECT|ARRAY|VARIANT|MAP)' -%}
    {%- set rules = [
        ('^VARIANT', 'is JSON, and no object', "not startswith(TEXT, '{')"),
        (
            '^(FLOAT|DOUBLE|REAL)', 'is NaN or infinite',
            "regexp_instr(TEXT, '^-?(nan|inf)', 1, 1, 0, 'i') > 0"
        ),
        (
            '^(VARCHAR|TEXT|STRING|CHAR)', 'has more than 5,000 characters',
            "length(TEXT) > 5002 and length("
            ~ braze_bridge.json_member("'{\"text\":' || TEXT || '}'", 'text') ~ ") > 5000"
        ),
        (
            nested, 'has more than 100 elements',
            "startswith(TEXT, '[') and array_size(try_parse_json(TEXT)) > 100"
        ),
        (
            nested, 'is an array of something else than texts',
            "startswith(TEXT, '[') and regexp_instr(" ~ bare ~ ", '[^],[\"]') > 0"
        ),
        (
            nested, 'has a name with . or $ in an object',
            "startswith(TEXT, '{') and regexp_instr(TEXT, '\"([^\"\\\\\\\\]|\\\\\\\\.)*[.$]([^\"\\\\\\\\]|\\\\\\\\.)*\":') > 0"
        ),
        (nested, none, braze_bridge.snowflake__problem('TEXT') ~ ' is not null'),
    ] -%}
    case
        when id is null then 'id is missing'
        when {{ braze_bridge.keep_pattern('cast(id as varchar)', '[A-Za-z0-9_-]{1,250}') }} is null
            then 'id has more than 250 characters, or others than letters, digits, - and _'
        {%- for types, words, rule in rules %}
        {%- for field in fields if field.name != 'id' %}
        {%- if modules.re.match(types, field.type) %}
        when {{ rule | replace('TEXT', 'text_' ~ loop.index) }}
            then '{{ field.name ~ " " ~ words if words else "a null stands deep inside a field" }}'
        {%- endif %}
        {%- endfor %}
        {%- endfor %}
    end
{%- endmacro %}
