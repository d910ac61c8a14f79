{# What must stand before the rows of a scope: see `definitions` in pending_objects.sql. A
   definition with a problem is offered to every push, for its rows wait for it. #}
{% macro definition_ctes(definitions) -%}
desired_definitions as (

    {{ definitions }}

),

definition_pending as (

    select
        desired_definitions.row_key,
        case when sent_rows.row_key is null then 'added' else 'changed' end as change,
        {{ braze_bridge.definition_hash('desired_definitions.row_json') }} as row_hash,
        1 as key_count,
        {{ braze_bridge.pending_parts({
            'payload': 'desired_definitions.payload',
            'row_json': 'desired_definitions.row_json',
            'operation': 'desired_definitions.operation',
            'scope': 'desired_definitions.scope',
            'problem': 'desired_definitions.problem',
        }) }}
    from desired_definitions
    left join sent_rows on desired_definitions.row_key = sent_rows.row_key
    left join given_up_rows
        on desired_definitions.row_key = given_up_rows.row_key
        and {{ braze_bridge.definition_hash('desired_definitions.row_json') }}
        = given_up_rows.row_hash
    where
        desired_definitions.problem is not null
        or (
            given_up_rows.row_key is null
            and (
                sent_rows.row_hash = ''
                or desired_definitions.row_json is distinct from sent_rows.row_json
            )
        )

),

held_scopes as (

    select distinct scope as held_scope
    from desired_definitions
    where problem is not null

)
{%- endmacro %}


{# Without the moment of the first description, which is another in each build until it was
   accepted: a definition that is refused again and again would never be given up. #}
{% macro definition_hash(row_json) -%}
    md5(regexp_replace({{ row_json }}, ',"created_at":"[^"]*"', ''))
{%- endmacro %}
