{#
    Profiles without an external_id that turn out to be a customer's: each is merged into
    the customer's profile, or becomes it where there was none. Made once, never repeated.

    mart  external_id, and one of: alias_name + alias_label · email · phone. With an
          address also prioritization, the list of Braze's words that says which profile
          is meant where several share it. And changed_at, if the mart has it.
#}
{% macro pending_identifications(mart) -%}
    {%- set kinds = ['user_alias', 'email', 'phone'] -%}
    {%- set user = braze_bridge.identifier_key(kinds) -%}
    {%- set columns = {
        'alias_name': 'varchar', 'alias_label': 'varchar', 'email': 'varchar',
        'phone': 'varchar', 'prioritization': none, 'changed_at': none,
    } -%}
    {%- set checked -%}
    (
        select
            *,
            '{"external_id":' || coalesce({{ braze_bridge.json_text('external_id') }}, 'null')
            || ',' || {{ braze_bridge.kept_identifier(kinds) }} || '}' as _identification_key,
            coalesce(
                {{ braze_bridge.identifier_problem(['external_id']) }},
                {{ braze_bridge.identifier_problem(kinds) }},
                case
                    when
                        min(external_id) over (partition by {{ user }})
                        <> max(external_id) over (partition by {{ user }})
                        then 'one profile is to become two customers'
                end
            ) as _problem
        from {{ braze_bridge.mart_columns(mart, dict(columns, external_id='varchar'), columns) }}
    )
    {%- endset -%}
    {%- set operation -%}
        case
            when {{ braze_bridge.is_identified_by('user_alias') }} then 'aliases_to_identify'
            when {{ braze_bridge.is_identified_by('email') }} then 'emails_to_identify'
            else 'phone_numbers_to_identify'
        end
    {%- endset -%}
    {%- set payload -%}
        '{"external_id":' || {{ braze_bridge.json_text('external_id') }}
        || ',' || {{ braze_bridge.identifier_members(kinds) }} || '}'
    {%- endset -%}
    {%- set users = braze_bridge.touched_users(["'external_id:' || external_id", user]) -%}
    {{- braze_bridge.pending_objects(
        checked,
        row_key='_identification_key',
        parts={
            'operation': operation,
            'payload': payload,
            'row_json': braze_bridge.object_text([], user_keys=users),
            'user_key': "'external_id:' || external_id",
            'user_keys': users,
            'sort_key': braze_bridge.change_order(),
            'problem': '_problem',
        },
        once=true,
    ) -}}
{%- endmacro %}
