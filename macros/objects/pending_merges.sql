{#
    Two profiles of one person made one: what the kept one lacks is copied, counts are
    added up, the other is gone. It cannot be undone. Made once, never repeated.

    mart  merge_external_id, merge_alias_name + merge_alias_label, merge_email or
          merge_phone: the profile that goes; keep_...: the one that stays. With an
          address also merge_prioritization or keep_prioritization. A mart need only
          have the columns that it uses. And changed_at, if the mart has it.
    after a sync of attributes by external_id, such as 'braze_customer_attributes': a merge
          waits until that has sent the one to keep. Without it the mart must know whom Braze has

    A profile to keep that is itself merged away is followed to the one kept at the end,
    since Braze keeps no order: A into B and B into C leave as A into C and B into C.
#}
{% macro pending_merges(mart, after=none) -%}
    {%- set users = braze_bridge.touched_users(['_merged_user', '_last_user']) -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.checked_merges(mart, after),
        row_key='_merge_key',
        due='_is_due',
        parts={
            'operation': "'merge_updates'",
            'payload': "'{\"identifier_to_merge\":{' || _merged || '},\"identifier_to_keep\":{' || _last || '}}'",
            'row_json': braze_bridge.object_text([], user_keys=users),
            'user_key': '_last_user',
            'user_keys': users,
            'sort_key': "lpad(cast(_steps as varchar), 6, '0') || coalesce(" ~ braze_bridge.change_order() ~ ", '')",
            'problem': '_problem',
        },
        once=true,
    ) -}}
{%- endmacro %}


{# The mart with _merge_key, each side as user key and as JSON, the end of the walk from
   merge to merge (_last_user, _last, _steps), _problem and _is_due. #}
{% macro checked_merges(mart, after) -%}
    {%- set kinds = ['external_id', 'user_alias', 'email', 'phone'] -%}
    {%- set kept_id = "case when _last_user like 'external_id:%' then substr(_last_user, 13) end" -%}
    {%- set columns = {'changed_at': none} -%}
    {%- for side in ['merge_', 'keep_'] -%}
        {%- for name in ['external_id', 'alias_name', 'alias_label', 'email', 'phone'] -%}
            {%- do columns.update({side ~ name: 'varchar'}) -%}
        {%- endfor -%}
        {%- do columns.update({side ~ 'prioritization': none}) -%}
    {%- endfor -%}
(
    with recursive merge_rows as (

        select
            *,
            '{"merge":{' || {{ braze_bridge.kept_identifier(kinds, 'merge_') }}
            || '},"keep":{' || {{ braze_bridge.kept_identifier(kinds, 'keep_') }} || '}}'
            as _merge_key,
            {{ braze_bridge.identifier_key(kinds, 'merge_') }} as _merged_user,
            {{ braze_bridge.identifier_key(kinds, 'keep_') }} as _kept_user,
            {{ braze_bridge.identifier_members(kinds, 'merge_') }} as _merged,
            {{ braze_bridge.identifier_members(kinds, 'keep_') }} as _kept
        from {{ braze_bridge.mart_columns(mart, columns, optional=columns) }}

    ),

    {# A profile that is to be merged into two leads nowhere. #}
    next_merges as (

        select
            _merged_user as _user,
            min(_kept_user) as _next_user,
            min(_kept) as _next
        from merge_rows
        group by _merged_user
        having min(_kept_user) = max(_kept_user)

    ),

    {# One row a step. A user seen before ends the walk: it leads in a circle. #}
    walks (_walk_key, _step, _reached_user, _reached, _seen) as (

        select
            _merge_key as _walk_key,
            0 as _step,
            _kept_user as _reached_user,
            _kept as _reached,
            cast(chr(31) || _merged_user || chr(31) as varchar) as _seen
        from merge_rows
        union all
        select
            _walk_key,
            _step + 1,
            _next_user,
            _next,
            _seen || _reached_user || chr(31)
        from walks
        inner join next_merges on _reached_user = _user
        where not contains(_seen, chr(31) || _reached_user || chr(31))

    ),

    ends as (

        select
            _walk_key as _end_key,
            _step as _steps,
            _reached_user as _last_user,
            _reached as _last,
            contains(_seen, chr(31) || _reached_user || chr(31)) as _is_circle
        from walks
        qualify row_number() over (partition by _walk_key order by _step desc) = 1

    ),

    {# Over the whole mart: a merge that waits may contradict one that does not. #}
    checked_merges as (

        select
            merge_rows.*,
            ends.* exclude (_end_key),
            coalesce(
                {{ braze_bridge.identifier_problem(kinds, 'merge_') }},
                {{ braze_bridge.identifier_problem(kinds, 'keep_') }},
                case
                    when _merged_user = _kept_user then 'a profile is to be merged into itself'
                    when
                        min(_kept_user) over (partition by _merged_user)
                        <> max(_kept_user) over (partition by _merged_user)
                        then 'one profile is to be merged into two'
                    when _is_circle then 'the merges lead in a circle: nobody is kept'
                end
            ) as _problem
        from merge_rows
        inner join ends on _merge_key = _end_key

    )

    select
        checked_merges.*,
        _problem is not null or {{ braze_bridge.is_known(kept_id, after) }} as _is_due
    from checked_merges
    {{ braze_bridge.join_known(kept_id, after) }}
)
{%- endmacro %}
