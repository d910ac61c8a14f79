{# The mart's rows with _row_key and _row_hash. The hash is over names, types, values and
   which of them are null: over the values alone, two columns that change places or an
   empty list that becomes null go unseen. A mart's column with a name of the delta's own
   goes no further: two of one name would be told apart by their places alone. Where a key
   is sent `once`, late_hash() may be what makes the hash: of rows that were not sent. #}
{% macro hashed_rows(mart, row_key, once=false) -%}
    {{- adapter.dispatch('hashed_rows', 'braze_bridge')(mart, row_key, once) -}}
{%- endmacro %}

{% macro duckdb__hashed_rows(mart, row_key, once) -%}
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

{% macro snowflake__hashed_rows(mart, row_key, once) -%}
    select
        _mart_row.*,
        {{ row_key }} as _row_key
        {%- if not once %},
        {{ braze_bridge.snowflake__object_hash('_mart_row') }} as _row_hash
        {%- endif %}
    from {{ mart }} as _mart_row
{%- endmacro %}


{# The hash that hashed_rows() left out, for a select from mart_rows. #}
{% macro late_hash(once) -%}
    {{- adapter.dispatch('late_hash', 'braze_bridge')(once) -}}
{%- endmacro %}

{% macro duckdb__late_hash(once) -%}{%- endmacro %}

{# An object of each row is dear: all history would be made into some at each plan. #}
{% macro snowflake__late_hash(once) -%}
    {%- if once -%}
        {{- ',' }}
        {{ braze_bridge.snowflake__object_hash('mart_rows') }} as _row_hash
    {%- endif -%}
{%- endmacro %}

{% macro snowflake__object_hash(rows) -%}
    cast(hash(object_construct_keep_null({{ rows }}.*)) as varchar)
{%- endmacro %}


{# What the delta calls its own columns beside those of a mart. #}
{% macro reserved_names() -%}
    {{- return(['_row_key', '_row_hash', '_is_known', '_is_resync', '_payload']) -}}
{%- endmacro %}
