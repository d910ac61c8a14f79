{#
    A typed date, null where it does not exist (31/02) or is not plausible. The
    source's formats are tried in order, so 01/02 means one thing per source, never
    a guess per row. Formats: yyyy-mm-dd, dd/mm/yyyy, mm/dd/yyyy, dd.mm.yyyy,
    yyyymmdd and the like; earliest and latest are SQL expressions.
#}
{% macro parse_date(
    text, formats=['yyyy-mm-dd', 'dd/mm/yyyy', 'dd.mm.yyyy'], earliest=none, latest=none
) -%}
    {%- set parsed = adapter.dispatch('parse_date_as', 'braze_bridge')(
        "trim(" ~ text ~ ", " ~ braze_bridge.blank_characters() ~ ")", formats
    ) -%}
    case
        when {{ parsed }} between {{ earliest or braze_bridge.earliest_date() }}
            and {{ latest or braze_bridge.as_of_date() }}
            then {{ parsed }}
    end
{%- endmacro %}

{% macro default__parse_date_as(text, formats) -%}
    coalesce(
        {%- for format in formats %}
        try_to_date({{ text }}, '{{ format | upper }}'),
        {%- endfor %}
        null
    )
{%- endmacro %}

{% macro duckdb__parse_date_as(text, formats) -%}
    cast(try_strptime({{ text }}, [
        {%- for format in formats -%}
        {%- set dated = format | replace('yyyy', '%Y') | replace('mm', '%m') -%}
        '{{ dated | replace("dd", "%d") }}'
        {%- if not loop.last %}, {% endif -%}
        {%- endfor -%}
    ]) as date)
{%- endmacro %}
