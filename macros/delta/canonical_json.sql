{# One text for one value, to compare JSON by: the order of keys and the spelling of
   numbers (1, 1.0) do not count, the order of an array does. #}
{% macro duckdb__canonical_json(value) -%}
    (
        select list_sort(list(concat(
            json_tree.fullkey,
            ' ',
            case
                when json_tree.type in ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE')
                    then {{ braze_bridge.duckdb__canonical_number('json_tree.atom') }}
                else concat(json_tree.type, json_tree.atom)
            end
        )))
        from json_tree({{ value }})
    )
{%- endmacro %}


{# A double alone would take neighbouring large integers for one, a decimal alone very
   small fractions; a text that is no number is null in both. #}
{% macro duckdb__canonical_number(value) -%}
    concat(
        coalesce(cast(try_cast({{ value }} as double) as varchar), {{ value }}),
        ' ',
        try_cast({{ value }} as decimal(38, 9))
    )
{%- endmacro %}
