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


{# The values of a JSON object as texts. JSON is read with doubles: a decimal of more digits
   is taken from the text itself, where it is the number that was read. #}
{% macro duckdb__exact_texts(json) -%}
    {%- set texts = "cast(json_extract(" ~ json ~ ", '$.*') as varchar[])" -%}
    case
        when not regexp_matches({{ json }}, ':-?[0-9.]{16,}[,}]') then {{ texts }}
        else list_transform(
            list_zip(json_keys({{ json }}), {{ texts }}),
            lambda entry: case
                when regexp_matches(entry[2], '^-?[0-9]+([.]|e)') then coalesce(
                    list_filter(
                        regexp_extract_all(
                            {{ json }},
                            regexp_escape(cast(to_json(entry[1]) as varchar))
                            || ':(-?[0-9]+[.]?[0-9]*)[,}]',
                            1
                        ),
                        lambda number: try_cast(number as double) = try_cast(entry[2] as double)
                    )[1],
                    entry[2]
                )
                else entry[2]
            end
        )
    end
{%- endmacro %}


{# A double alone would take neighbouring large integers for one, a decimal alone very
   small fractions, and nine decimals leave no room for integers of 30 digits; a text that is
   no number is null in all three. Adding 0 makes -0 the 0 that it is. #}
{% macro duckdb__canonical_number(value) -%}
    concat(
        coalesce(cast(try_cast({{ value }} as double) + 0 as varchar), {{ value }}),
        ' ',
        try_cast({{ value }} as decimal(38, 9)),
        ' ',
        try_cast({{ value }} as decimal(38, 0))
    )
{%- endmacro %}
