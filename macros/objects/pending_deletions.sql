{#
    People to be erased: their profiles are deleted in Braze, and nothing is ever sent for
    them again. It cannot be undone. Made once, never repeated.

    mart  the column or columns of `user`; with email or phone also prioritization, the
          list of Braze's words that says which profile is meant where several share it
    user  external_id, braze_id, email, phone, or user_alias (alias_name + alias_label)

    The key is the hash by which suppressed users are known, and nothing else is kept: the
    ledger remembers that somebody was erased, not who.
#}
{% macro pending_deletions(mart, user='external_id') -%}
    {%- set operations = {
        'external_id': 'external_ids', 'user_alias': 'user_aliases', 'braze_id': 'braze_ids',
        'email': 'email_addresses', 'phone': 'phone_numbers',
    } -%}
    {%- if user not in operations -%}
        {{- exceptions.raise_compiler_error(
            "pending_deletions: user '" ~ user ~ "' is none of " ~ operations | join(', ')
        ) -}}
    {%- endif -%}
    {%- set user_key = braze_bridge.identifier_key([user]) -%}
    {%- set optional = {'changed_at': none} -%}
    {%- if user in ['email', 'phone'] -%}
        {%- do optional.update({'prioritization': none}) -%}
    {%- endif -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.mart_columns(
            mart, braze_bridge.with_user_columns(user, optional), optional
        ),
        row_key=braze_bridge.user_hash(user_key),
        parts={
            'operation': "'" ~ operations[user] ~ "'",
            'payload': braze_bridge.deletion_payload(user),
            'row_json': "'{}'",
            'user_key': user_key,
            'user_keys': braze_bridge.touched_users([user_key]),
            'sort_key': braze_bridge.change_order(),
            'problem': braze_bridge.identifier_problem([user]),
        },
        once=true,
        to_suppressed=true,
    ) -}}
{%- endmacro %}


{# A plain id, or an object for what takes more than one word to say. #}
{% macro deletion_payload(user) -%}
    {%- if user in ['external_id', 'braze_id'] -%}
        {{ braze_bridge.json_text(user) }}
    {%- elif user == 'user_alias' -%}
        {{ braze_bridge.object_text(['alias_name', 'alias_label']) }}
    {%- else -%}
        '{' || {{ braze_bridge.identifier_members([user]) }} || '}'
    {%- endif -%}
{%- endmacro %}
