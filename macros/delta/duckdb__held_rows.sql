{# Values that may not be sent again yet (min_interval): until then the row has the
   value that Braze has, so that it neither differs nor is kept as if it had been sent.
   A full resync sends everything; a value that the ledger does not know is not held. #}
{% macro duckdb__held_rows(min_interval) -%}
waiting_rows as (

    select
        * exclude (texts),
        texts as mart_texts,
        [
            {%- for name, interval in min_interval.items() %}
            case
                when
                    not _is_resync
                    and timezone('UTC', current_timestamp) < interval '{{ interval }}'
                    + try_cast(json_extract_string(sent_times, '$."{{ name }}"') as timestamp)
                    then '{{ name }}'
            end
            {{- ',' if not loop.last }}
            {%- endfor %}
        ] as waiting_names
    from aligned_rows

),

held_rows as (

    select
        * exclude (mart_texts, waiting_names),
        list_transform(
            list_zip(names, mart_texts, sent_texts),
            lambda entry: case
                when list_contains(waiting_names, entry[1]) then coalesce(entry[3], entry[2])
                else entry[2]
            end
        ) as texts,
        texts <> mart_texts as is_held
    from waiting_rows

)
{%- endmacro %}


{# What stands before the hash of a row that was sent without the values held back: it
   matches no hash of the mart's, so that the row is looked at again. #}
{% macro held_mark() -%}
    held:
{%- endmacro %}


{# When each attribute with a minimum interval was last sent, as a JSON object: now for
   those among `leaving`, a list of names, and as the ledger has it for the others. #}
{% macro duckdb__sent_times(min_interval, known_times, leaving) -%}
    cast(json_merge_patch(
        coalesce({{ known_times }}, '{}'),
        to_json(map_from_entries(list_transform(
            list_filter(
                ['{{ min_interval | join("', '") }}'],
                lambda name: list_contains({{ leaving }}, name)
            ),
            lambda name:
                (name, strftime(timezone('UTC', current_timestamp), '%Y-%m-%dT%H:%M:%S.%gZ'))
        )))
    ) as varchar)
{%- endmacro %}


{# The names that an added row sends: those with a value. #}
{% macro duckdb__added_names(min_interval) -%}
    [
        {%- for name in min_interval -%}
        case when "sent_{{ name }}" is not null then '{{ name }}' end
        {{- ', ' if not loop.last }}
        {%- endfor -%}
    ]
{%- endmacro %}
