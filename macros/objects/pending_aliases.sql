{#
    Alternative names of users: alias_new for one that Braze lacks, alias_update where
    the name of a known (external_id, alias_label) changed.

    mart  alias_name, alias_label, and, where the mart has them: external_id (null makes
          a user that has the alias alone), changed_at (earlier ones go first)
    after a sync of attributes by external_id, such as 'braze_customer_attributes': a user
          waits until that has sent them. Without it the mart must know whom Braze has

    Braze answers success when it did nothing, so what it would not do is a problem here:
    a user has one name a label, a name one user.
#}
{% macro pending_aliases(mart, after=none) -%}
    {%- set users = [
        "'external_id:' || external_id", "'user_alias:' || alias_label || ':' || alias_name",
    ] -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.checked_aliases(mart, after),
        row_key='_alias_key',
        due='_is_due',
        parts={
            'operation': "case when _old_name is null then 'alias_new' else 'alias_update' end",
            'payload': braze_bridge.alias_payload(),
            'row_json': braze_bridge.object_text(
                ['external_id', 'alias_label', 'alias_name'],
                user_keys=braze_bridge.touched_users(users),
            ),
            'user_key': 'coalesce(' ~ users | join(', ') ~ ')',
            'user_keys': braze_bridge.touched_users(
                users + ["'user_alias:' || alias_label || ':' || _old_name"]
            ),
            'sort_key': braze_bridge.change_order(),
            'problem': '_problem',
        },
    ) -}}
{%- endmacro %}


{% macro alias_payload() -%}
    case
        when _old_name is null
            then '{' || coalesce('"external_id":' || {{ braze_bridge.json_text('external_id') }} || ',', '')
            || '"alias_name":' || {{ braze_bridge.json_text('alias_name') }}
            || ',"alias_label":' || {{ braze_bridge.json_text('alias_label') }} || '}'
        else
            '{"alias_label":' || {{ braze_bridge.json_text('alias_label') }}
            || ',"old_alias_name":' || {{ braze_bridge.json_text('_old_name') }}
            || ',"new_alias_name":' || {{ braze_bridge.json_text('alias_name') }} || '}'
    end
{%- endmacro %}


{# The mart with _alias_key, _old_name (only where the name changed: what stays as it is
   must keep its hash), _problem and _is_due. #}
{% macro checked_aliases(mart, after) -%}
(
    with alias_rows as (

        select
            *,
            external_id is not null
            and min(alias_name) over (partition by external_id, alias_label)
            <> max(alias_name) over (partition by external_id, alias_label)
            as _names_differ,
            min(coalesce(external_id, '')) over (partition by alias_label, alias_name)
            <> max(coalesce(external_id, '')) over (partition by alias_label, alias_name)
            as _users_differ
        from {{ braze_bridge.mart_columns(
            mart,
            {
                'external_id': 'varchar', 'alias_name': 'varchar', 'alias_label': 'varchar',
                'changed_at': none,
            },
            optional=['external_id', 'changed_at'],
        ) }}

    ),

    {# Of a user with two names each row needs a key of its own, to be told apart. #}
    keyed_rows as (

        select
            *,
            case
                when external_id is null or alias_name is null or _names_differ
                    then {{ braze_bridge.object_text(['external_id', 'alias_label', 'alias_name']) }}
                else {{ braze_bridge.object_text(['external_id', 'alias_label']) }}
            end as _alias_key
        from alias_rows

    ),

    sent_aliases as (

        select
            row_key as _sent_key,
            {{ braze_bridge.json_member('row_json', 'alias_label') }} as _sent_label,
            {{ braze_bridge.json_member('row_json', 'alias_name') }} as _sent_name
        from {{ ref('ledger_sent_rows') }}
        where sync = '{{ braze_bridge.sync_name() }}'

    ),

    holders as (

        select
            _sent_label as _held_label,
            _sent_name as _held_name,
            min(_sent_key) as _holder_key
        from sent_aliases
        group by _sent_label, _sent_name

    )

    select
        keyed_rows.*,
        case when _sent_name <> alias_name then _sent_name end as _old_name,
        case
            when external_id = '' then 'external_id is empty'
            when {{ braze_bridge.byte_length('external_id') }} > 987
                then 'external_id has more than 987 bytes'
            when _names_differ then 'the user has two names under one alias_label'
            when _users_differ then 'two users have this alias'
            when _holder_key <> _alias_key
                then 'another user still has this alias in Braze'
            else {{ braze_bridge.identifier_problem(['user_alias']) }}
        end as _problem,
        _problem is not null or {{ braze_bridge.is_known('external_id', after) }} as _is_due
    from keyed_rows
    left join sent_aliases on _alias_key = _sent_key
    left join holders on alias_label = _held_label and alias_name = _held_name
    {{ braze_bridge.join_known('external_id', after) }}
)
{%- endmacro %}
