{#
    A typed moment as a UTC timestamp, null where it does not exist or lies in the
    future. A moment without a zone is read as UTC. Understands ISO 8601 with and
    without zone or fraction, and the day-first form of spreadsheets.
#}
{% macro parse_timestamp(text, earliest=none) -%}
    {%- set parsed = adapter.dispatch('parse_timestamp_as', 'braze_bridge')(
        "trim(" ~ text ~ ", " ~ braze_bridge.blank_characters() ~ ")"
    ) -%}
    case
        when
            {{ parsed }} >= {{ earliest or braze_bridge.earliest_date() }}
            and {{ parsed }} < {{ braze_bridge.as_of_date() }} + interval '1 day'
            then {{ parsed }}
    end
{%- endmacro %}

{% macro default__parse_timestamp_as(text) -%}
    {%- set zoned = [
        'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM', 'YYYY-MM-DD"T"HH24:MI:SS.FFTZH:TZM'
    ] -%}
    {%- set zoneless = [
        'YYYY-MM-DD"T"HH24:MI:SS', 'YYYY-MM-DD HH24:MI:SS', 'YYYY-MM-DD HH24:MI:SS.FF',
        'DD/MM/YYYY HH24:MI'
    ] -%}
    {#- Uncast, coalesce would read the zoneless ones in the session's zone. -#}
    coalesce(
        {%- for format in zoned %}
        cast(
            convert_timezone(
                'UTC',
                try_to_timestamp_tz(replace({{ text }}, 'Z', '+00:00'), '{{ format }}')
            ) as timestamp_ntz
        ),
        {%- endfor %}
        {%- for format in zoneless %}
        try_to_timestamp_ntz({{ text }}, '{{ format }}')
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    )
{%- endmacro %}

{% macro duckdb__parse_timestamp_as(text) -%}
    coalesce(
        try_strptime(replace({{ text }}, 'Z', '+00:00'), [
            '%Y-%m-%dT%H:%M:%S%z', '%Y-%m-%dT%H:%M:%S.%f%z'
        ]) at time zone 'UTC',
        try_strptime({{ text }}, [
            '%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S.%f',
            '%d/%m/%Y %H:%M'
        ])
    )
{%- endmacro %}
