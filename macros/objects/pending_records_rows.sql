{# The mart for pending_objects: the columns that records are made of, the definition, and
   whether another row has the same value of a unique index. All of it is hashed: another
   definition makes every row another one, and so does a value that is no longer shared. #}
{% macro record_rows(mart, fields, indexes, user, definition) -%}
(
    select
        {%- for name, field in fields.items() %}
        records.{{ field.column }} as {{ braze_bridge.column_name(name) }},
        {%- endfor %}
        {%- for name, options in indexes.items() if not options.order %}
        "_with_{{ name }}"._value is not null as "_shares_{{ name }}",
        {%- endfor %}
        {{ braze_bridge.text_literal(definition) }} as _definition
    from {{ mart }} as records
    {%- for name, options in indexes.items() if not options.order %}
    {%- set column = fields[name].column %}
    left join (
        select {{ column }} as _value
        from {{ mart }} as records
        where {{ column }} is not null and cast({{ column }} as varchar) <> ''
        group by {{ column }}
        having count(*) > 1
    ) as "_with_{{ name }}" on records.{{ column }} = "_with_{{ name }}"._value
    {%- endfor %}
    {%- if user %}
    {# Who was erased has left, whatever the mart still holds of them. #}
    where
        coalesce({{ braze_bridge.user_hash(braze_bridge.user_key(
            'external_id', 'records.' ~ fields[user].column
        )) }}, '') not in (select user_hash from suppressed_users)
    {%- endif %}
)
{%- endmacro %}


{# Adds _text (what is put), _user and _problem. A row is sent without a look at what the
   ledger has of it where the definition is another. #}
{% macro prepared_records(fields, collection, key, columns, indexes, user, definition) -%}
    {%- set used = fields.keys() | list -%}
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
        {{ braze_bridge.record_problem(key, indexes, used) }} as _problem
    from (
        select
            *,
            {{ braze_bridge.index_entries(indexes, used) }} as _entries,
            {%- for name in columns %}
            {{ braze_bridge.text_literal(
                ('{' if loop.first else ',') ~ braze_bridge.json_of_value(name) ~ ':'
            ) }} || _text_{{ used.index(name) }} ||
            {%- endfor %} '}' as _record
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
                {{ braze_bridge.record_key(fields, key) }} as _key
                {%- for name, options in indexes.items() if not options.order %},
                "_shares_{{ name }}"
                {%- endfor %}
                {%- for name, field in fields.items() %}
                {%- set column = braze_bridge.column_name(name) %},
                coalesce({{ braze_bridge.record_json(column, field.type) }}, 'null')
                    as _text_{{ loop.index0 }},
                {{ braze_bridge.endless_place(column, field.type) }} as _place_{{ loop.index0 }}
                {%- endfor %}
            from offered_rows
        ) as read_records
    ) as written_records
{%- endmacro %}


{# The entries of a record in the collection's indexes, without brackets around them. #}
{% macro index_entries(indexes, used) -%}
    {%- if not indexes -%}
        ''
    {%- else -%}
        substr(
            ''
            {%- for name, options in indexes.items() %}
            || coalesce(
                ',["{{ name }}",' || {{ braze_bridge.index_value(used.index(name)) }}
                {%- for order in options.order or [] %}
                || '{{ ',[' if loop.first else ',' }}'
                || _text_{{ used.index(braze_bridge.ordered_column(order)) }}
                {%- if loop.last %} || ']'{% endif %}
                {%- endfor %}
                || ']',
                ''
            )
            {%- endfor %},
            2
        )
    {%- endif -%}
{%- endmacro %}

{# The value that a record is looked up by, a JSON text whatever its type; null for none. #}
{% macro index_value(place) -%}
    case
        when _text_{{ place }} in ('null', '""') or left(_text_{{ place }}, 1) in ('{', '[')
            then null
        when left(_text_{{ place }}, 1) = '"' then _text_{{ place }}
        else '"' || _text_{{ place }} || '"'
    end
{%- endmacro %}


{# Why a record must not be put, or null. #}
{% macro record_problem(key, indexes, used) -%}
    {%- set orders = [] -%}
    {%- for options in indexes.values() -%}
        {%- for order in options.order or [] -%}
            {%- do orders.append(braze_bridge.ordered_column(order)) -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when _key is null then '{{ key }} is null: a record is found by it'
        when _key = '' then '{{ key }} is empty: a record is found by it'
        when {{ braze_bridge.byte_length('_key') }} > 512 then '{{ key }} has more than 512 bytes'
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
        when {{ braze_bridge.is_endless(loop.index0) }}
            then '{{ name | replace("'", "''") }} holds a number or a time that is NaN or infinite'
        {%- endfor %}
        when {{ braze_bridge.byte_length('_record') }} > 1000000 then 'the record has more than 1,000,000 bytes'
    end
{%- endmacro %}
