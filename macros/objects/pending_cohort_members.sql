{#
    Who joins and who leaves Braze's cohorts, and the cohorts themselves: a cohort is made
    before its first members, and told its new name when it changes. Needs a partner key.

    mart  cohort_id (the stable one: a changed id is another cohort), cohort_name, and the
          column or columns of `user`
    user  external_id, or user_alias (alias_name + alias_label)

    Braze adds and removes only profiles that it has; it says nothing of the others.
#}
{% macro pending_cohort_members(mart, user='external_id') -%}
    {%- if user not in ['external_id', 'user_alias'] -%}
        {{- exceptions.raise_compiler_error(
            "pending_cohort_members: user '" ~ user ~ "' is none of external_id, user_alias"
        ) -}}
    {%- endif -%}
    {%- if user == 'user_alias' -%}
        {%- set member = braze_bridge.alias_object('alias_name', 'alias_label') -%}
        {%- set known_member = braze_bridge.alias_object(
            braze_bridge.json_member('row_json', 'alias_name'),
            braze_bridge.json_member('row_json', 'alias_label')
        ) -%}
        {%- set kept = "'\"alias_name\":' || " ~ braze_bridge.json_text('alias_name')
            ~ " || ',\"alias_label\":' || " ~ braze_bridge.json_text('alias_label') -%}
        {%- set known_user = "'user_alias:' || " ~ braze_bridge.json_member('row_json', 'alias_label')
            ~ " || ':' || " ~ braze_bridge.json_member('row_json', 'alias_name') -%}
    {%- else -%}
        {%- set known_id = braze_bridge.json_member('row_json', 'external_id') -%}
        {%- set member = braze_bridge.json_text('external_id') -%}
        {%- set known_member = braze_bridge.json_text(known_id) -%}
        {%- set kept = "'\"external_id\":' || " ~ member -%}
        {%- set known_user = "'external_id:' || " ~ known_id -%}
    {%- endif -%}
    {%- set ids = '{"' ~ ('aliases' if user == 'user_alias' else 'user_ids') ~ '":[' -%}
    {%- set cohort = braze_bridge.json_text('cohort_id') -%}
    {{- braze_bridge.pending_objects(
        mart,
        row_key="'[' || " ~ cohort ~ " || ',' || " ~ member ~ " || ']'",
        parts={
            'operation': "'members'",
            'scope': 'cohort_id',
            'payload': "'" ~ ids ~ "' || " ~ member ~ " || ']}'",
            'row_json': "'{\"cohort_id\":' || " ~ cohort ~ " || ',' || " ~ kept ~ " || '}'",
            'user_key': braze_bridge.user_key(user),
            'problem': braze_bridge.user_problem(user),
        },
        removed={
            'operation': "'members'",
            'scope': braze_bridge.json_member('row_json', 'cohort_id'),
            'payload': "'" ~ ids ~ "' || " ~ known_member ~ " || '],\"should_remove\":true}'",
            'user_key': known_user,
            'where': known_user ~ ' is not null',
        },
        definitions=braze_bridge.cohort_definitions(),
    ) -}}
{%- endmacro %}


{# One row a cohort. It keeps the moment it was first described with: a definition that
   carried another one each time would never be the one that Braze has. #}
{% macro cohort_definitions() -%}
    with cohorts as (

        select
            cohort_id,
            min(cohort_name) as cohort_name,
            count(distinct cohort_name) as count_names,
            '[' || {{ braze_bridge.json_text('cohort_id') }} || ']' as cohort_key
        from mart_rows
        where cohort_id is not null
        group by cohort_id

    ),

    described_cohorts as (

        select
            cohorts.*,
            '{"cohort_id":' || {{ braze_bridge.json_text('cohort_id') }}
            || ',"name":' || {{ braze_bridge.json_text("coalesce(cohort_name, '')") }}
            || ',"created_at":' || {{ braze_bridge.json_text(
                'coalesce(' ~ braze_bridge.json_member('sent_rows.row_json', 'created_at') ~ ', '
                ~ braze_bridge.iso_time(braze_bridge.run_time()) ~ ')'
            ) }}
            || '}' as description
        from cohorts
        left join sent_rows on cohorts.cohort_key = sent_rows.row_key

    )

    select
        cohort_key as row_key,
        description as payload,
        description as row_json,
        'cohort' as operation,
        cohort_id as scope,
        case
            when cohort_id = '' then 'cohort_id is missing'
            when count_names > 1 then 'the cohort ' || cohort_id || ' has several names'
            when coalesce(cohort_name, '') = '' then 'the cohort ' || cohort_id || ' has no name'
        end as problem
    from described_cohorts
{%- endmacro %}


{% macro alias_object(name, label) -%}
    '{"alias_name":' || {{ braze_bridge.json_text(name) }}
    || ',"alias_label":' || {{ braze_bridge.json_text(label) }} || '}'
{%- endmacro %}
