{#
    New external ids for profiles that keep everything else. The old one goes on leading to
    the profile until it is removed, which is a second row: it becomes pending once the
    rename is in the ledger. Both are made once, never repeated.

    mart  current_external_id, new_external_id, and, where the mart has them:
          remove_current (true once nothing sends the old id any more), changed_at
    after a sync of attributes by external_id, such as 'braze_customer_attributes': a rename
          waits until that has sent the current id. Without it the mart must know whom Braze has
#}
{% macro pending_external_id_renames(mart, after=none) -%}
    {%- set users = braze_bridge.touched_users([
        "'external_id:' || current_external_id", "'external_id:' || new_external_id",
    ]) -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.checked_renames(mart, after),
        row_key='_rename_key',
        due='_is_due',
        parts={
            'operation': '_operation',
            'payload': "case _operation when 'remove' then "
                ~ braze_bridge.json_text('current_external_id') ~ " else _rename_key end",
            'row_json': braze_bridge.object_text([], user_keys=users),
            'user_key': "'external_id:' || current_external_id",
            'user_keys': users,
            'sort_key': braze_bridge.change_order(),
            'problem': '_problem',
        },
        once=true,
    ) -}}
{%- endmacro %}


{# The mart's renames, and the removals that are due, with _operation, _rename_key,
   _problem and _is_due. #}
{% macro checked_renames(mart, after) -%}
    {%- set sync = braze_bridge.sync_name() -%}
    {%- set customer = "'{\"external_id\":' || " ~ braze_bridge.json_text('row_key') -%}
(
    with rename_rows as (

        select
            *,
            '{"current_external_id":' || coalesce({{ braze_bridge.json_text('current_external_id') }}, 'null')
            || ',"new_external_id":' || coalesce({{ braze_bridge.json_text('new_external_id') }}, 'null')
            || '}' as _rename_key
        from {{ braze_bridge.mart_columns(
            mart,
            {
                'current_external_id': 'varchar', 'new_external_id': 'varchar',
                'remove_current': 'boolean', 'changed_at': none,
            },
            optional=['remove_current', 'changed_at'],
        ) }}

    ),

    {# The key of a catalog's item may look like one: row_json tells a customer's, by how it
       begins. To parse it for the whole ledger is dear. #}
    known_customers as (

        select distinct row_key as _known_id
        from {{ ref('ledger_sent_rows') }}
        where
            sync <> '{{ sync }}'
            and row_key in (select new_external_id from rename_rows)
            and position({{ customer }} in row_json) = 1

    ),

    sent_renames as (

        select row_key as _sent_key
        from {{ ref('ledger_sent_rows') }}
        where sync = '{{ sync }}'

    ),

    removals as (

        select
            *,
            '{"removed_external_id":' || {{ braze_bridge.json_text('current_external_id') }} || '}'
            as _removal_key
        from rename_rows
        inner join sent_renames on _rename_key = _sent_key
        where remove_current

    ),

    {# Over the whole mart: a rename that waits may contradict one that does not. #}
    checked_renames as (

        select
            'rename' as _operation,
            _rename_key,
            current_external_id,
            new_external_id,
            changed_at,
            case
                when nullif(current_external_id, '') is null or nullif(new_external_id, '') is null
                    then 'current_external_id or new_external_id is missing'
                when current_external_id = new_external_id then 'both ids are the same'
                when
                    {{ braze_bridge.byte_length('current_external_id') }} > 987
                    or {{ braze_bridge.byte_length('new_external_id') }} > 987
                    then 'an external_id has more than 987 bytes'
                when
                    min(new_external_id) over (partition by current_external_id)
                    <> max(new_external_id) over (partition by current_external_id)
                    then 'one external_id is to get two new ones'
                when
                    min(current_external_id) over (partition by new_external_id)
                    <> max(current_external_id) over (partition by new_external_id)
                    then 'two users are to get one external_id'
                when _known_id is not null
                    then 'the new external_id has a profile already: merge the two instead'
            end as _problem
        from rename_rows
        left join known_customers on new_external_id = _known_id

    )

    select
        checked_renames.*,
        _problem is not null
        or {{ braze_bridge.is_known('current_external_id', after) }} as _is_due
    from checked_renames
    {{ braze_bridge.join_known('current_external_id', after) }}
    union all
    select
        'remove',
        _removal_key,
        current_external_id,
        new_external_id,
        changed_at,
        null,
        true
    from removals
)
{%- endmacro %}
