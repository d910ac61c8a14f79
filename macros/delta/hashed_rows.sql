{# The mart's rows with _row_key and _row_hash. The hash is over names, types, values and
   which of them are null: over the values alone, two columns that change places or an
   empty list that becomes null go unseen. A mart's column with a name of the delta's own
   goes no further: two of one name would be told apart by their places alone. #}
{% macro hashed_rows(mart, row_key) -%}
    {{- adapter.dispatch('hashed_rows', 'braze_bridge')(mart, row_key) -}}
{%- endmacro %}

{% macro duckdb__hashed_rows(mart, row_key) -%}
    select
        columns(
            lambda name: not starts_with(name, '_null_')
            and name not in ('{{ braze_bridge.reserved_names() | join("', '") }}')
        ),
        {{ row_key }} as _row_key,
        cast(hash(typeof(_mart_row), *columns(*)) as varchar) as _row_hash
    from (
        select
            *,
            columns(*) is null as "_null_\0"
        from {{ mart }}
    ) as _mart_row
{%- endmacro %}

{% macro snowflake__hashed_rows(mart, row_key) -%}
    select
        _mart_row.*,
        {{ row_key }} as _row_key,
        cast(hash(object_construct_keep_null(_mart_row.*)) as varchar) as _row_hash
    from {{ mart }} as _mart_row
{%- endmacro %}


{# What the delta calls its own columns beside those of a mart. #}
{% macro reserved_names() -%}
    {{- return(['_row_key', '_row_hash', '_is_known', '_is_resync', '_payload']) -}}
{%- endmacro %}
