{#
    Whom a row of an identity mart means. The columns, each after `prefix`: external_id,
    alias_name + alias_label, email, phone; and prioritization, which says who is meant
    where several profiles share an address. `kinds` are those that the object allows.
#}

{# The first identifier that is given as a user key: 'external_id:c1', 'email:a@b.c'. #}
{% macro identifier_key(kinds, prefix='') -%}
    case
        {%- for kind in kinds %}
        when {{ braze_bridge.is_identified_by(kind, prefix) }}
            then {% if kind == 'user_alias' -%}
                'user_alias:' || {{ prefix }}alias_label || ':' || {{ prefix }}alias_name
            {%- elif kind == 'email' -%}
                'email:' || lower({{ prefix }}email)
            {%- else -%}
                '{{ kind }}:' || {{ prefix }}{{ kind }}
            {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}


{# The same as the members of a JSON object, as Braze wants them. #}
{% macro identifier_members(kinds, prefix='') -%}
    case
        {%- for kind in kinds %}
        when {{ braze_bridge.is_identified_by(kind, prefix) }}
            then {% if kind == 'user_alias' -%}
                {{ braze_bridge.alias_member(prefix) }}
            {%- else -%}
                '"{{ kind }}":' || {{ braze_bridge.json_text(prefix ~ kind) }}
                {%- if kind in ['email', 'phone'] %}
                || ',"prioritization":' || {{ braze_bridge.array_json(prefix ~ 'prioritization') }}
                {%- endif %}
            {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}


{# The same for a row key, which people and logs get to see: an address is hashed. #}
{% macro kept_identifier(kinds, prefix='') -%}
    case
        {%- for kind in kinds %}
        when {{ braze_bridge.is_identified_by(kind, prefix) }}
            then {% if kind == 'user_alias' -%}
                {{ braze_bridge.alias_member(prefix) }}
            {%- elif kind in ['email', 'phone'] -%}
                '"{{ kind }}_hash":"'
                || {{ braze_bridge.user_hash(braze_bridge.identifier_key([kind], prefix)) }} || '"'
            {%- else -%}
                '"{{ kind }}":' || {{ braze_bridge.json_text(prefix ~ kind) }}
            {%- endif %}
        {%- endfor %}
        else '"nobody":true'
    end
{%- endmacro %}


{# What is wrong with the identifiers of one side, or null. #}
{% macro identifier_problem(kinds, prefix='') -%}
    case
        {%- if 'user_alias' in kinds %}
        when (nullif({{ prefix }}alias_name, '') is null) <> (nullif({{ prefix }}alias_label, '') is null)
            then '{{ prefix }}alias_name or {{ prefix }}alias_label is missing'
        {%- endif %}
        when {% for kind in kinds -%}
                cast({{ braze_bridge.is_identified_by(kind, prefix) }} as integer)
                {%- if not loop.last %} + {% endif %}
            {%- endfor %} <> 1
            then '{{ braze_bridge.identifier_columns(kinds, prefix) }}'
        {%- if 'external_id' in kinds %}
        when {{ braze_bridge.byte_length(prefix ~ 'external_id') }} > 987
            then '{{ prefix }}external_id has more than 987 bytes'
        {%- endif %}
        {%- for kind in kinds if kind in ['email', 'phone'] %}
        when {{ braze_bridge.is_identified_by(kind, prefix) }}
            then {{ braze_bridge.prioritization_problem(prefix ~ 'prioritization') }}
        {%- endfor %}
    end
{%- endmacro %}


{% macro identifier_columns(kinds, prefix='') -%}
    {%- set columns = [] -%}
    {%- for kind in kinds -%}
        {%- do columns.append(prefix ~ ('alias_name' if kind == 'user_alias' else kind)) -%}
    {%- endfor -%}
    {%- if columns | length == 1 -%}
        {{ columns[0] }} is missing
    {%- else -%}
        exactly one of {{ columns | join(', ') }} must be given
    {%- endif -%}
{%- endmacro %}


{# Without a right order of preference Braze merges or deletes nobody, or somebody else. #}
{% macro prioritization_problem(column) -%}
    {%- set words = 'identified|unidentified|most_recently_updated|least_recently_updated' -%}
    {%- set text = braze_bridge.array_json(column) -%}
    case
        when {{ column }} is null or {{ text }} = '[]'
            then '{{ column }} is missing: which profile, where several share the address'
        when {{ text }} not like '[%'
            then '{{ column }} is not a list of words'
        when {{ braze_bridge.keep_pattern(
            text, '[[]"(' ~ words ~ ')"(,"(' ~ words ~ ')")*[]]'
        ) }} is null
            then '{{ column }} holds a word that Braze does not know'
        when {{ text }} like '%"identified"%' and {{ text }} like '%"unidentified"%'
            then '{{ column }} holds identified and unidentified'
    end
{%- endmacro %}


{% macro is_identified_by(kind, prefix='') -%}
    {%- set column = prefix ~ ('alias_name' if kind == 'user_alias' else kind) -%}
    (nullif({{ column }}, '') is not null)
{%- endmacro %}


{% macro alias_member(prefix='') -%}
    '"user_alias":{"alias_name":' || {{ braze_bridge.json_text(prefix ~ 'alias_name') }}
    || ',"alias_label":' || {{ braze_bridge.json_text(prefix ~ 'alias_label') }} || '}'
{%- endmacro %}


{# Columns of text as the text of a JSON object under their own names, in this order;
   `user_keys` stands among them in the ledger, where the runner looks who was touched not
   long ago. #}
{% macro object_text(columns, user_keys=none) -%}
    {%- set members = [] -%}
    {%- for column in columns -%}
        {%- do members.append(
            "'\"" ~ column ~ "\":' || coalesce(" ~ braze_bridge.json_text(column) ~ ", 'null')"
        ) -%}
    {%- endfor -%}
    {%- if user_keys -%}
        {%- do members.append("'\"user_keys\":' || " ~ braze_bridge.array_json(user_keys)) -%}
    {%- endif -%}
    '{' || {{ members | join(" || ',' || ") }} || '}'
{%- endmacro %}


{# An array of texts as JSON text. #}
{% macro array_json(array) -%}
    {{- adapter.dispatch('array_json', 'braze_bridge')(array) -}}
{%- endmacro %}

{% macro default__array_json(array) -%}
    to_json(to_variant({{ array }}))
{%- endmacro %}

{% macro duckdb__array_json(array) -%}
    cast(to_json({{ array }}) as varchar)
{%- endmacro %}


{# A member of a JSON object as text. #}
{% macro json_member(text, name) -%}
    {{- adapter.dispatch('json_member', 'braze_bridge')(text, name) -}}
{%- endmacro %}

{% macro default__json_member(text, name) -%}
    cast(get(try_parse_json({{ text }}), '{{ name }}') as varchar)
{%- endmacro %}

{% macro duckdb__json_member(text, name) -%}
    json_extract_string({{ text }}, '$.{{ name }}')
{%- endmacro %}


{# The users that a change touches, from expressions that may be null. #}
{% macro touched_users(user_keys) -%}
    {{- adapter.dispatch('touched_users', 'braze_bridge')(user_keys) -}}
{%- endmacro %}

{% macro default__touched_users(user_keys) -%}
    array_construct_compact({{ user_keys | join(', ') }})
{%- endmacro %}

{% macro duckdb__touched_users(user_keys) -%}
    list_filter([{{ user_keys | join(', ') }}], lambda user_key: user_key is not null)
{%- endmacro %}


{# Whether Braze was told of a user by the sync `after`, for a select with `join_known`. Of
   a profile that it does not have Braze adds no alias, keeps nobody and renames nothing, and
   says success. #}
{% macro is_known(external_id, after) -%}
    {%- if after -%}
        ({{ external_id }} is null or known_users.known_id is not null)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro join_known(external_id, after) -%}
    {%- if after -%}
    {{- braze_bridge.check_sync(after) -}}
    left join (
        select distinct row_key as known_id
        from {{ ref('ledger_sent_rows') }}
        where sync = '{{ after }}'
    ) as known_users
        on {{ external_id }} = known_users.known_id
    {%- endif -%}
{%- endmacro %}


{# A misspelt name would hold every row back for ever. Unit tests see no graph. #}
{% macro check_sync(name) -%}
    {%- if execute and graph.get('nodes') -%}
        {%- set models = graph.nodes.values() | map(attribute='name') | list -%}
        {%- if name ~ '__pending' not in models -%}
            {{- exceptions.raise_compiler_error(
                model.name ~ ": after='" ~ name ~ "': no model is named " ~ name ~ '__pending'
            ) -}}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# Of the changes of one user the earlier go first. #}
{% macro change_order() -%}
    {{ braze_bridge.iso_time(braze_bridge.utc_moment('changed_at')) }}
{%- endmacro %}
