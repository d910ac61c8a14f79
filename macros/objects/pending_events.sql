{#
    The events of a mart that Braze has not been sent: one custom event a row, each key
    once, whatever becomes of the row later.

    mart  columns: the key; the user's; name; time (a timestamp); properties (a struct or
          JSON, may be null); and app_id, if the event belongs to an app
    key   the column that tells one event from another, for ever
    user  'external_id', 'braze_id', 'email', 'phone', or 'user_alias' for the columns
          alias_name and alias_label

    `missing_user: skip` in meta.sync leaves users alone whom Braze does not know.
#}
{% macro pending_events(mart, key='event_key', user='external_id') -%}
    {{- braze_bridge.check_user('pending_events', user) -}}
    {{- braze_bridge.pending_objects(
        braze_bridge.occurrence_mart(mart, key, user, {'name': 'varchar'}),
        row_key=key,
        prepared=braze_bridge.prepared_occurrences(
            key, braze_bridge.names_of_no_event_property(), "coalesce(name like 'ecommerce.%', false)"
        ),
        parts={
            'payload': braze_bridge.occurrence_payload(
                user, "'\"name\":' || coalesce(" ~ braze_bridge.json_text('name') ~ ", 'null')"
            ),
            'row_json': braze_bridge.kept_occurrence(user, {'name': 'name'}),
            'problem': braze_bridge.event_problem(user, key),
            'user_key': braze_bridge.user_key(user),
            'sort_key': '_iso_time',
            'adoptable': 'true',
            'data_points': "case when name like 'ecommerce.%' then 0 else 1 end",
        },
        once=true,
    ) -}}
{%- endmacro %}


{% macro event_problem(user, key) -%}
    coalesce(
        case
            when nullif(name, '') is null then 'name is missing'
            when length(name) > 255 then 'name has more than 255 characters'
        end,
        {{ braze_bridge.occurrence_problem(
            user,
            key,
            braze_bridge.names_of_no_event_property(),
            100,
            "coalesce(name like 'ecommerce.%', false)",
        ) }},
        {{ braze_bridge.ecommerce_problem() }}
    )
{%- endmacro %}


{% macro names_of_no_event_property() -%}
    {{- return(['time', 'event_name']) -}}
{%- endmacro %}


{# What the ledger keeps: enough to find the event again, and none of its properties. #}
{% macro kept_occurrence(user, members) -%}
    '{' || coalesce({{ braze_bridge.user_member(user) }} || ',', '')
    {%- for name, column in members.items() %}
    || '"{{ name }}":' || coalesce({{ braze_bridge.json_text(column) }}, 'null') || ','
    {%- endfor %}
    || '"time":' || coalesce({{ braze_bridge.json_text('_iso_time') }}, 'null') || '}'
{%- endmacro %}
