{#
    A typed phone number as E.164, null where it cannot be one. The other arguments
    are SQL expressions that say how the customer's country dials; the seed
    braze_dialling_codes has them. Without a dialling code only numbers written
    with + or 00 survive: a guessed country calls a stranger.
#}
{% macro clean_phone(
    phone, dialling_code='null', trunk_prefix='null', national_digits='null'
) -%}
    {{ return(
        adapter.dispatch('clean_phone', 'braze_bridge')(
            phone, dialling_code, trunk_prefix, national_digits
        )
    ) }}
{%- endmacro %}

{% macro default__clean_phone(phone, dialling_code, trunk_prefix, national_digits) -%}
    {#- "(0)" is the trunk prefix written for people; an extension cannot be texted. -#}
    {%- set spoken_only = '[(]0[)]|[ ,;]*[eExX][.a-zA-Z]*[ ]*[0-9]+$' -%}
    {%- set dialled = braze_bridge.replace_pattern(
        braze_bridge.replace_pattern(phone, spoken_only, ''), '[^0-9+]', ''
    ) -%}
    {%- set national -%}
        length({{ dialled }}) <= coalesce({{ national_digits }}, 12)
    {%- endset -%}
    {%- set international -%}
    case
        when {{ dialled }} like '+%' then {{ dialled }}
        when {{ dialled }} like '00%' then '+' || substr({{ dialled }}, 3)
        when {{ dialling_code }} = '1' and {{ dialled }} like '011%'
            then '+' || substr({{ dialled }}, 4)
        when
            {{ dialled }} like {{ trunk_prefix }} || '%'
            and length({{ dialled }}) - length({{ trunk_prefix }})
            <= coalesce({{ national_digits }}, 12)
            then
                '+' || {{ dialling_code }}
                || substr({{ dialled }}, length({{ trunk_prefix }}) + 1)
        when
            {{ dialled }} like {{ dialling_code }} || '%'
            and ({{ trunk_prefix }} is not null or not {{ national }})
            then '+' || {{ dialled }}
        when {{ national }} then '+' || {{ dialling_code }} || {{ dialled }}
    end
    {%- endset -%}
    {{ braze_bridge.keep_pattern(international, braze_bridge.phone_pattern()) }}
{%- endmacro %}
