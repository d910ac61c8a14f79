{#
    The address in the one spelling Braze keeps: trimmed and lower case, null where
    it is not an address. A local part with accents is null too: josé@ and jose@ are
    two mailboxes, and guessing writes to a stranger.
#}
{% macro clean_email(email) -%}
    {{ return(adapter.dispatch('clean_email', 'braze_bridge')(email)) }}
{%- endmacro %}

{% macro default__clean_email(email) -%}
    {%- set trimmed = "trim(" ~ email ~ ", " ~ braze_bridge.blank_characters() ~ ")" -%}
    {{ braze_bridge.keep_pattern(
        "lower(" ~ trimmed ~ ")", braze_bridge.email_pattern()
    ) }}
{%- endmacro %}
