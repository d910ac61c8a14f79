{# Whether two JSON texts are two values: the order of keys and the spelling of
   numbers (1, 1.0) do not count, the order of an array does. #}
{% macro duckdb__canonical_json(value) -%}
    (
        select list_sort(list(concat(
            json_tree.fullkey,
            ' ',
            case
                when json_tree.type in ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE')
                    then concat(
                        try_cast(json_tree.atom as double), ' ',
                        try_cast(json_tree.atom as decimal(38, 9))
                    )
                else concat(json_tree.type, json_tree.atom)
            end
        )))
        from json_tree({{ value }})
    )
{%- endmacro %}
