{#
    The records of a mart that a collection of the personalization API lacks or has
    differently, and the collection's definition, which goes before them.

    mart        the mart's relation, or a select in parentheses
    collection  the collection's name: letters and digits
    key         the column by which a record is looked up first; one record a value
    columns     the columns that leave, in this order; the others stay in the warehouse
    indexes     further columns to look records up by: {'email': {}} finds the one record
                of a value, {'category': {'order': ['rank', 'price desc'], 'most': 20}} the
                list of them. A column need not leave to be an index or an order
    on_removed  what a row that left the mart means: 'delete', 'keep', or 'tombstone',
                which is answered as gone
    missing     what a value that is not found is answered with: none (not found), or the
                members of a default record
    personal    those of `columns` that name a person and may leave all the same
    user        the column that holds the external_id of the person a record is about
    cache_seconds  for how long the caller may keep an answer

    A record travels whole, a null as null. Another definition makes each record pending.
#}
{% macro pending_records(
    mart,
    collection,
    key,
    columns,
    indexes={},
    on_removed='delete',
    missing=none,
    personal=[],
    user=none,
    cache_seconds=0
) -%}
    {{- braze_bridge.check_records(mart, {
        'collection': collection, 'key': key, 'columns': columns, 'indexes': indexes,
        'on_removed': on_removed, 'missing': missing, 'personal': personal, 'user': user,
        'cache_seconds': cache_seconds,
    }) -}}
    {%- set definition = braze_bridge.collection_definition(
        collection, key, columns, indexes, missing, cache_seconds
    ) -%}
    {%- set fields = braze_bridge.record_fields(
        mart, braze_bridge.columns_of_records(key, columns, indexes, user)
    ) -%}
    {%- set scope = "'" ~ collection ~ "'" -%}
    {%- set removed = {
        'scope': scope,
        'where': "row_key like '" ~ collection ~ "/%'",
        'is_defined_anew': braze_bridge.is_defined_anew(collection, definition),
    } -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.record_rows(mart, fields, indexes, user, definition),
        row_key="'" ~ collection ~ "/' || " ~ braze_bridge.record_key(fields, key),
        prepared=braze_bridge.prepared_records(
            fields, collection, key, columns, indexes, user, definition
        ),
        parts={
            'operation': "'records'",
            'scope': scope,
            'payload': '_text',
            'user_key': braze_bridge.user_key('external_id', '_user'),
            'problem': '_problem',
        },
        removed=braze_bridge.removed_records(on_removed, user, **removed),
        definitions=braze_bridge.definition_row(collection, definition),
        exact=true,
    ) -}}
{%- endmacro %}


{# What becomes of a record that has no row any more. Of who was erased nothing is kept,
   whatever on_removed says. #}
{% macro removed_records(on_removed, user, scope, where, is_defined_anew) -%}
    {%- set tombstone = "'{\"tombstone\":true}'" -%}
    {%- set deleted = {
        'operation': "'records_delete'",
        'payload': "'{\"key\":' || " ~ braze_bridge.json_text(
            "substr(row_key, position('/' in row_key) + 1)"
        ) ~ " || '}'",
        'scope': scope,
        'where': where,
    } -%}
    {%- if user -%}
        {%- do deleted.update({'user_hash': braze_bridge.user_hash(
            braze_bridge.json_member('sent_rows.row_json', 'user_key')
        )}) -%}
    {%- endif -%}
    {%- if on_removed == 'delete' -%}
        {{- return(deleted) -}}
    {%- elif on_removed == 'keep' -%}
        {{- return(dict(deleted, where=where ~ ' and is_erased') if user else none) -}}
    {%- endif -%}
    {%- set is_erased = 'is_erased' if user else 'false' -%}
    {%- set case = 'case when ' ~ is_erased ~ ' then ' -%}
    {{- return(dict(
        deleted,
        operation=case ~ deleted.operation ~ " else 'tombstones' end",
        payload=case ~ deleted.payload ~ ' else ' ~ tombstone ~ ' end',
        row_json=case ~ 'null else ' ~ tombstone ~ ' end',
        where=where ~ ' and (' ~ is_erased ~ ' or row_json is distinct from ' ~ tombstone
            ~ " or sent_hash = '' or " ~ is_defined_anew ~ ')',
    )) -}}
{%- endmacro %}


{# What the store is told of the collection, as JSON text: all members, in this order. #}
{% macro collection_definition(collection, key, columns, indexes, missing, cache_seconds) -%}
    {%- set parts = [] -%}
    {%- for name, options in indexes.items() -%}
        {%- if options.order -%}
            {%- do parts.append(
                '{"name":"' ~ name ~ '","list":true,"order":'
                ~ braze_bridge.json_of_value(options.order)
                ~ ',"most":' ~ options.get('most', 25) ~ '}'
            ) -%}
        {%- else -%}
            {%- do parts.append('{"name":"' ~ name ~ '"}') -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(
        '{"collection":"' ~ collection ~ '","key":"' ~ key
        ~ '","indexes":[' ~ parts | join(',')
        ~ '],"columns":' ~ braze_bridge.json_of_value(columns)
        ~ ',"missing":' ~ ('null' if missing is none else braze_bridge.json_of_value(missing))
        ~ ',"cache_seconds":' ~ cache_seconds ~ '}'
    ) -}}
{%- endmacro %}


{# A text as SQL. In Snowflake's a backslash escapes what follows. #}
{% macro text_literal(text) -%}
    {{- return(adapter.dispatch('text_literal', 'braze_bridge')(text | replace("'", "''"))) -}}
{%- endmacro %}

{% macro default__text_literal(text) -%}
    {{- return("'" ~ text ~ "'") -}}
{%- endmacro %}

{% macro snowflake__text_literal(text) -%}
    {{- return("'" ~ text | replace('\\', '\\\\') ~ "'") -}}
{%- endmacro %}


{# A value of Jinja's as JSON text, without a blank or a quotation mark of SQL's. Joined, for
   what the filter returns would escape the texts around it. #}
{% macro json_of_value(value) -%}
    {%- if value is string or value is number or value is boolean or value is none -%}
        {{- return(''.join([value | tojson])) -}}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- if value is mapping -%}
        {%- for name, member in value.items() -%}
            {%- do parts.append(
                ''.join([name | string | tojson]) ~ ':' ~ braze_bridge.json_of_value(member)
            ) -%}
        {%- endfor -%}
        {{- return('{' ~ parts | join(',') ~ '}') -}}
    {%- endif -%}
    {%- for item in value -%}
        {%- do parts.append(braze_bridge.json_of_value(item)) -%}
    {%- endfor -%}
    {{- return('[' ~ parts | join(',') ~ ']') -}}
{%- endmacro %}


{# A sync fills one collection for good: the ledger would take the keys of another for its. #}
{% macro definition_row(collection, definition) -%}
    select
        '{{ collection }}' as row_key,
        {{ braze_bridge.text_literal(definition) }} as payload,
        {{ braze_bridge.text_literal(definition) }} as row_json,
        'collection' as operation,
        '{{ collection }}' as scope,
        (
            select
                'this sync has filled the collection ' || min(row_key)
                || ': give the model another name too'
            from sent_rows
            where position('/' in row_key) = 0 and row_key <> '{{ collection }}'
        ) as problem
{%- endmacro %}


{# Whether the store has the collection by another definition, or not at all. #}
{% macro is_defined_anew(collection, definition) -%}
    (
        (select max(row_json) from sent_rows where row_key = '{{ collection }}')
        is distinct from {{ braze_bridge.text_literal(definition) }}
    )
{%- endmacro %}


{% macro column_name(name) -%}
    {{- '"' ~ name ~ '"' -}}
{%- endmacro %}


{# 'score desc' is the column score: the word after it says where a list begins. #}
{% macro ordered_column(order) -%}
    {{- return(modules.re.sub('(?i) +(asc|desc)$', '', order)) -}}
{%- endmacro %}


{# Every column of the mart that a record is made of, once. #}
{% macro columns_of_records(key, columns, indexes, user) -%}
    {%- set names = [key] -%}
    {%- for name in columns if name not in names %}{% do names.append(name) %}{% endfor -%}
    {%- for name, options in indexes.items() -%}
        {%- if name not in names %}{% do names.append(name) %}{% endif -%}
        {%- for order in options.order or [] -%}
            {%- set column = braze_bridge.ordered_column(order) -%}
            {%- if column not in names %}{% do names.append(column) %}{% endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if user and user not in names %}{% do names.append(user) %}{% endif -%}
    {{- return(names) -}}
{%- endmacro %}
