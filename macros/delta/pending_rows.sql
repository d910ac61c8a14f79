{#
    The rows that the destination lacks or has differently: what the mart says minus
    what the ledger says was acknowledged. One row per row key, and none of a user who
    is suppressed.

    mart           the mart's relation; every column but the key is an attribute
    key            'external_id', 'braze_id', 'email', 'phone'
                   or ['alias_name', 'alias_label']
    on_removed     what a row that left the mart means: 'ignore' (nothing is sent),
                   'unset' (its attributes are sent as null), 'false' (its true flags
                   are sent as false)
    on_null        what a value that became null means: 'unset' (null is sent, which
                   deletes the attribute) or 'ignore' (the old value stays in Braze)
    array_columns  ['audiences']: arrays of plain values that leave as what was added
                   and removed
    merge_columns  ['home_store']: objects that leave as their changed members
    keyed_arrays   {'recent_orders': 'order_id'}: arrays of objects that leave as the
                   elements added, removed and updated, told apart by this member
    min_interval   {'propensity': '7 days'}: attributes that are not sent again before
                   this time has passed
    changed_since  'updated_at': a time of the mart that moves whenever a value of the row
                   does; it is not sent, and rows that it says are old are not compared

    Columns: row_key, change, payload, row_json, row_hash, data_points, key_count,
    problem; with min_interval also sent_times. docs/pending-rows.md says what each one
    holds.
#}
{% macro pending_rows(
    mart,
    key='external_id',
    on_removed='ignore',
    on_null='unset',
    array_columns=[],
    merge_columns=[],
    keyed_arrays={},
    min_interval={},
    changed_since=none
) -%}
    {%- set key_columns = [key] if key is string else key -%}
    {%- set options = {
        'array_columns': array_columns,
        'merge_columns': merge_columns,
        'keyed_arrays': keyed_arrays,
        'min_interval': min_interval,
    } -%}
    {{- braze_bridge.check_pending_arguments(key_columns, on_removed, on_null) -}}
    {{- braze_bridge.check_attribute_options(mart, key_columns, options, changed_since) -}}
    {{- braze_bridge.check_offered_options(options) -}}
    {{- adapter.dispatch('pending_rows', 'braze_bridge')(
        mart,
        key_columns,
        on_removed,
        on_null,
        braze_bridge.sync_name(),
        braze_bridge.sync_mode(),
        options,
        changed_since,
    ) -}}
{%- endmacro %}


{% macro check_pending_arguments(key_columns, on_removed, on_null) -%}
    {%- set keys = ['external_id', 'braze_id', 'email', 'phone'] -%}
    {%- set words = {
        'on_removed': (on_removed, ['ignore', 'unset', 'false']),
        'on_null': (on_null, ['unset', 'ignore']),
    } -%}
    {%- set is_alias = key_columns | sort == ['alias_label', 'alias_name'] -%}
    {%- if not is_alias and (key_columns | length != 1 or key_columns[0] not in keys) -%}
        {{- exceptions.raise_compiler_error(
            'pending_rows: key ' ~ key_columns | join(' + ') ~ ' is none of '
            ~ keys | join(', ') ~ ', alias_name + alias_label'
        ) -}}
    {%- endif -%}
    {%- for name, (value, known) in words.items() if value not in known -%}
        {{- exceptions.raise_compiler_error(
            'pending_rows: ' ~ name ~ " '" ~ value ~ "' is none of " ~ known | join(', ')
        ) -}}
    {%- endfor -%}
{%- endmacro %}
