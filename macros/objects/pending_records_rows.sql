{# The mart for pending_objects: the columns that records are made of, the definition, and
   whether another row has the same value of a unique index. All of it is hashed: another
   definition makes every row another one, and so does a value that is no longer shared. #}
{% macro record_rows(mart, key, columns, indexes, user, definition) -%}
    {{- adapter.dispatch('record_rows', 'braze_bridge')(
        mart, key, columns, indexes, user, definition
    ) -}}
{%- endmacro %}

{% macro default__record_rows(mart, key, columns, indexes, user, definition) -%}
    {{- braze_bridge.only_on_duckdb('pending_records') -}}
{%- endmacro %}

{% macro duckdb__record_rows(mart, key, columns, indexes, user, definition) -%}
(
    select
        {%- for name in braze_bridge.columns_of_records(key, columns, indexes, user) %}
        {{ braze_bridge.column_name(name) }},
        {%- endfor %}
        {%- for name, options in indexes.items() if not options.order %}
        {%- set column = braze_bridge.column_name(name) %}
        coalesce(
            {{ column }} in (
                select {{ column }}
                from {{ mart }}
                where {{ column }} is not null and cast({{ column }} as varchar) <> ''
                group by all
                having count(*) > 1
            ),
            false
        ) as "_shares_{{ name }}",
        {%- endfor %}
        '{{ definition }}' as _definition
    from {{ mart }}
    {%- if user %}
    {# Who was erased has left, whatever the mart still holds of them. #}
    where (
        {{ braze_bridge.user_hash(
            braze_bridge.user_key('external_id', braze_bridge.column_name(user))
        ) }} in (select user_hash from suppressed_users)
    ) is not true
    {%- endif %}
)
{%- endmacro %}


{# Adds _text (what is put), _user and _problem. A row is sent without a look at what the
   ledger has of it where the definition is another. #}
{% macro prepared_records(collection, key, columns, indexes, user, definition) -%}
    {{- adapter.dispatch('prepared_records', 'braze_bridge')(
        collection, key, columns, indexes, user, definition
    ) -}}
{%- endmacro %}

{% macro default__prepared_records(collection, key, columns, indexes, user, definition) -%}
    {{- braze_bridge.only_on_duckdb('pending_records') -}}
{%- endmacro %}

{% macro duckdb__prepared_records(collection, key, columns, indexes, user, definition) -%}
    {%- set used = braze_bridge.columns_of_records(key, columns, indexes, user) -%}
    select
        _row_key,
        _row_hash,
        _is_known,
        _is_resync,
        _user,
        '{'
        {%- if user %}
        {# Who asks to be erased is found by it. #}
        || '"user_key":' || coalesce(
            {{ braze_bridge.json_text(braze_bridge.user_key('external_id', '_user')) }}, 'null'
        ) || ','
        {%- endif %}
        || '"indexes":[' || _entries || '],"record":' || _record || '}' as _text,
        {{ braze_bridge.duckdb__record_problem(key, indexes, used) }} as _problem
    from (
        select
            *,
            {{ braze_bridge.duckdb__index_entries(indexes, used) }} as _entries,
            concat(
                {%- for name in columns %}
                '{{ '{' if loop.first else ',' }}{{ braze_bridge.json_of_value(name) }}:',
                _text_{{ used.index(name) }},
                {%- endfor %}
                '}'
            ) as _record
        from (
            select
                _row_key,
                _row_hash,
                _is_known,
                _is_resync
                or {{ braze_bridge.is_defined_anew(collection, definition) }} as _is_resync,
                {% if user -%}
                cast({{ braze_bridge.column_name(user) }} as varchar)
                {%- else -%}
                cast(null as varchar)
                {%- endif %} as _user,
                cast({{ braze_bridge.column_name(key) }} as varchar) as _key
                {%- for name, options in indexes.items() if not options.order %},
                "_shares_{{ name }}"
                {%- endfor %}
                {%- for name in used %},
                {{ braze_bridge.duckdb__record_json(braze_bridge.column_name(name)) }}
                    as _text_{{ loop.index0 }},
                {{ braze_bridge.duckdb__endless_place(braze_bridge.column_name(name)) }}
                    as _place_{{ loop.index0 }}
                {%- endfor %}
            from offered_rows
        )
    )
{%- endmacro %}


{# One value as the JSON text that is put, 'null' for none. Unlike in attributes, nothing is
   taken out of nested values: a template meets the null that the mart has. #}
{% macro duckdb__record_json(column) -%}
    coalesce(
        case
            when {{ braze_bridge.duckdb__holds_values(column) }}
                then cast(to_json({{ column }}) as varchar)
            else {{ braze_bridge.duckdb__attribute_json(column) }}
        end,
        'null'
    )
{%- endmacro %}

{% macro duckdb__holds_values(column) -%}
    regexp_matches(typeof({{ column }}), '^(JSON$|STRUCT|MAP|UNION|VARIANT)|\]$')
{%- endmacro %}


{# Where a number or time without end may stand in the text of a column, by its type. #}
{% macro duckdb__endless_place(column) -%}
    case
        when {{ braze_bridge.duckdb__holds_values(column) }}
            then case
                when regexp_matches(typeof({{ column }}), '\b(DATE|TIMESTAMP)')
                    then 'inside, among times'
                else 'inside'
            end
        when regexp_matches(typeof({{ column }}), '^(FLOAT|DOUBLE|DATE|TIMESTAMP)')
            then 'alone'
    end
{%- endmacro %}


{# The entries of a record in the collection's indexes, without brackets around them. #}
{% macro duckdb__index_entries(indexes, used) -%}
    {%- if not indexes -%}
        ''
    {%- else -%}
        concat_ws(
            ',',
            {%- for name, options in indexes.items() %}
            '["{{ name }}",' || {{ braze_bridge.duckdb__index_value(used.index(name)) }}
            {%- if options.order %}
            || ',[' || concat_ws(
                ',',
                {%- for order in options.order %}
                _text_{{ used.index(braze_bridge.ordered_column(order)) }}
                {{- ',' if not loop.last }}
                {%- endfor %}
            ) || ']'
            {%- endif %}
            || ']'
            {{- ',' if not loop.last }}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}

{# The value that a record is looked up by, a JSON text whatever its type; null for none. #}
{% macro duckdb__index_value(place) -%}
    case
        when _text_{{ place }} in ('null', '""') or left(_text_{{ place }}, 1) in ('{', '[')
            then null
        when starts_with(_text_{{ place }}, '"') then _text_{{ place }}
        else concat('"', _text_{{ place }}, '"')
    end
{%- endmacro %}


{# Why a record must not be put, or null. #}
{% macro duckdb__record_problem(key, indexes, used) -%}
    {%- set orders = [] -%}
    {%- for options in indexes.values() -%}
        {%- for order in options.order or [] -%}
            {%- do orders.append(braze_bridge.ordered_column(order)) -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when _key is null then '{{ key }} is null: a record is found by it'
        when _key = '' then '{{ key }} is empty: a record is found by it'
        when strlen(_key) > 512 then '{{ key }} has more than 512 bytes'
        when left(_text_{{ used.index(key) }}, 1) in ('{', '[')
            then '{{ key }} is an array or an object: no record can be found by it'
        {%- for name, options in indexes.items() %}
        {%- if not options.order %}
        when "_shares_{{ name }}"
            then 'index {{ name }}: another record has the same value'
        {%- endif %}
        when left(_text_{{ used.index(name) }}, 1) in ('{', '[')
            then 'index {{ name }} is an array or an object: no record can be found by it'
        {%- endfor %}
        {%- for name in orders | unique %}
        when left(_text_{{ used.index(name) }}, 1) in ('{', '[', 't', 'f')
            then 'the order {{ name }} is neither a number nor a text'
        {%- endfor %}
        {%- for name in used %}
        when {{ braze_bridge.duckdb__is_endless(loop.index0) }}
            then '{{ name | replace("'", "''") }} holds a number or a time that is NaN or infinite'
        {%- endfor %}
        when strlen(_record) > 1000000 then 'the record has more than 1,000,000 bytes'
    end
{%- endmacro %}

{% macro duckdb__is_endless(place) -%}
    case _place_{{ place }}
        when 'alone' then regexp_matches(_text_{{ place }}, '^-?(NaN|Infinity|nan|inf)')
        when 'inside' then {{ braze_bridge.duckdb__has_endless_number('_text_' ~ place) }}
        when 'inside, among times'
            then {{ braze_bridge.duckdb__has_endless_number('_text_' ~ place) }}
            or regexp_matches(_text_{{ place }}, '[\[:,]"-?infinity"[\],}]')
    end
{%- endmacro %}

{% macro duckdb__has_endless_number(text) -%}
    coalesce({{ braze_bridge.duckdb__problem(text) }} = 'a number is NaN or infinite', false)
{%- endmacro %}
