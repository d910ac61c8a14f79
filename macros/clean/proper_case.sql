{#
    A name in capitals (or all small) as its owner writes it: MCDONALD-SMITH becomes
    McDonald-Smith, JEAN DE LA TOUR becomes Jean de la Tour. A name that mixes both
    is its owner's choice and stays as it is.
#}
{% macro proper_case(name) -%}
    {{ return(adapter.dispatch('proper_case', 'braze_bridge')(name)) }}
{%- endmacro %}

{#- One word with the separator behind it; the argument is the lambda's. -#}
{% macro proper_cased_word(word) -%}
    case
        when trim({{ word }}) in (
            'de', 'la', 'der', 'den', 'del', 'di', 'da', 'do', 'dos', 'du', 'van',
            'von', 'zu', 'y', 'e'
        )
            then {{ word }}
        when trim({{ word }}) in ('ii', 'iii', 'iv') then upper({{ word }})
        when {{ word }} like 'mc__%'
            then 'Mc' || upper(substr({{ word }}, 3, 1)) || substr({{ word }}, 4)
        else upper(substr({{ word }}, 1, 1)) || substr({{ word }}, 2)
    end
{%- endmacro %}

{% macro name_word_pattern() -%}
    {{ return("[^ .''’-]*[ .''’-]+|[^ .''’-]+$") }}
{%- endmacro %}

{% macro proper_case_if_shouted(name, cased) -%}
    case
        when {{ name }} in (upper({{ name }}), lower({{ name }}))
            then upper(substr({{ cased }}, 1, 1)) || substr({{ cased }}, 2)
        else {{ name }}
    end
{%- endmacro %}

{% macro default__proper_case(name) -%}
    {%- set cased -%}
        array_to_string(
            transform(
                regexp_substr_all(
                    lower({{ name }}), '{{ braze_bridge.name_word_pattern() }}'
                ),
                word varchar -> {{ braze_bridge.proper_cased_word('word') }}
            ),
            ''
        )
    {%- endset -%}
    {{ braze_bridge.proper_case_if_shouted(name, cased) }}
{%- endmacro %}

{% macro duckdb__proper_case(name) -%}
    {%- set cased -%}
        array_to_string(
            list_transform(
                regexp_extract_all(
                    lower({{ name }}), '{{ braze_bridge.name_word_pattern() }}'
                ),
                lambda word: {{ braze_bridge.proper_cased_word('word') }}
            ),
            ''
        )
    {%- endset -%}
    {{ braze_bridge.proper_case_if_shouted(name, cased) }}
{%- endmacro %}
