{#
    Whether a user belongs to a control group of `percent` per cent.

    The hash of salt and id decides, and nothing else: nobody's lot changes when others
    come or go, the same id draws the same lot in every warehouse, and those held out at
    5 % are still held out at 10 %. Another salt draws anew.
#}
{% macro is_held_out(user, percent, salt) -%}
    {%- if percent is not number or percent < 0 or percent > 100 -%}
        {{- exceptions.raise_compiler_error(
            'holdout: ' ~ percent ~ ' is no percentage from 0 to 100'
        ) -}}
    {%- endif -%}
    ({{ braze_bridge.user_lot(user, salt) }} < {{ (percent * 42949672.96) | round | int }})
{%- endmacro %}


{# A whole number from 0 to 2^32 - 1, evenly spread. #}
{% macro user_lot(user, salt) -%}
    {{- adapter.dispatch('user_lot', 'braze_bridge')(
        "'" ~ (salt | replace("'", "''")) ~ ":' || cast(" ~ user ~ " as varchar)"
    ) -}}
{%- endmacro %}

{% macro default__user_lot(salted_user) -%}
    to_number(left(sha2({{ salted_user }}, 256), 8), 'XXXXXXXX')
{%- endmacro %}

{% macro duckdb__user_lot(salted_user) -%}
    cast('0x' || left(sha256({{ salted_user }}), 8) as bigint)
{%- endmacro %}
