{#
    Braze's letter for a gender: M, F, O (other), N (not applicable), P (prefers not
    to say); null where nobody told us. "N/A" means nobody told us, not N.
#}
{% macro clean_gender(gender) -%}
    {{ return(adapter.dispatch('clean_gender', 'braze_bridge')(gender)) }}
{%- endmacro %}

{% macro default__clean_gender(gender) -%}
    {%- set word = "lower(" ~ braze_bridge.blank_to_null(gender) ~ ")" -%}
    case
        when {{ word }} in (
            'm', 'male', 'man', 'boy', 'mr', 'mr.', 'herr', 'mann', 'männlich',
            'homme', 'masculin', 'hombre', 'masculino', 'uomo'
        ) then 'M'
        when {{ word }} in (
            'f', 'female', 'woman', 'girl', 'mrs', 'mrs.', 'ms', 'ms.', 'frau',
            'weiblich', 'w', 'femme', 'féminin', 'mujer', 'femenino', 'feminino',
            'donna'
        ) then 'F'
        when {{ word }} in (
            'o', 'x', 'd', 'other', 'divers', 'diverse', 'autre', 'otro', 'outro',
            'nonbinary', 'non-binary', 'non binary'
        ) then 'O'
        when {{ word }} in ('n', 'not applicable') then 'N'
        when {{ word }} in (
            'p', 'prefer not to say', 'prefers not to say', 'undisclosed',
            'keine angabe'
        ) then 'P'
    end
{%- endmacro %}
