{# Why Movable Ink would refuse an event, or take it wrongly; null where it is as agreed.
   Reads the columns of prepared_movable_ink_events(). #}
{% macro movable_ink_problem() -%}
    {%- set events = braze_bridge.movable_ink_contracts().keys() | list -%}
    coalesce(
        case
            when nullif(event, '') is null then 'event is missing'
            when
                event not in ('{{ events | join("', '") }}', 'identify')
                and {{ braze_bridge.keep_pattern('event', '[a-z][a-z0-9_]{0,99}') }} is null
                then 'event is not of small letters, digits and _, as in product_viewed'
            when event = 'identify' and nullif(user_id, '') is null
                then 'identify needs a user_id'
            when event = 'identify' and nullif(anonymous_id, '') is null
                then 'identify needs an anonymous_id'
            when nullif(user_id, '') is null and nullif(anonymous_id, '') is null
                then 'user_id and anonymous_id are both missing'
            when anonymous_id like '%@%'
                then 'anonymous_id is an e-mail address: use movable_ink_anonymous_id()'
            when _is_email_hash
                then 'anonymous_id is the hash of an e-mail address, which can be guessed: '
                    || 'use movable_ink_anonymous_id()'
            when occurred_at is null then 'occurred_at is null'
            when _milliseconds is null
                then 'occurred_at is neither a timestamp nor a whole number'
            when _milliseconds between 1000000000 and 9999999999
                then 'occurred_at has 10 digits: those are seconds, not milliseconds'
            when _milliseconds not between 1000000000000 and 9999999999999
                then 'occurred_at is not in epoch milliseconds, which have 13 digits'
            when _is_ahead then 'occurred_at lies in the future'
            when event <> 'identify' and _milliseconds < {{ braze_bridge.epoch_milliseconds(
                braze_bridge.earliest_event()
            ) }}
                then 'occurred_at is more than 30 days ago'
            when nullif(timezone, '') is null then 'timezone is missing'
            when not _is_zone then 'timezone is not an IANA name such as America/New_York'
            when event = 'identify' then null
            when _properties is null then 'properties is not an object'
            when nullif(user_id, '') is null and _is_identified
                then 'anonymous_id was identified: the event needs the user_id'
            when nullif(anonymous_id, '') is not null and not _is_introduced
                and nullif(user_id, '') is not null
                then 'no identify row says that this anonymous_id is this user_id'
        end,
        {{ braze_bridge.movable_ink_property_problem() }}
    )
{%- endmacro %}


{# The same of the properties; of identify there are none. #}
{% macro movable_ink_property_problem() -%}
    {{- adapter.dispatch('movable_ink_property_problem', 'braze_bridge')() -}}
{%- endmacro %}

{% macro duckdb__movable_ink_property_problem() -%}
    case event
        when 'identify' then null
        {%- for event, members in braze_bridge.movable_ink_contracts().items() %}
        when '{{ event }}' then {{ braze_bridge.duckdb__member_problem(event, members) }}
        {%- endfor %}
    end,
    case
        when event = 'identify' or not contains(_properties, '"meta"') then null
        when coalesce(json_type(_properties, '$.meta') <> 'OBJECT', false)
            then 'properties: meta is not an object'
    end,
    case when event <> 'identify' then {{ braze_bridge.duckdb__problem('_properties') }} end
{%- endmacro %}


{# Which member of an event's properties is missing or of another kind. #}
{% macro duckdb__member_problem(event, members) -%}
    {%- set paths = "['$." ~ members.keys() | join("', '$.") ~ "']" -%}
            list_extract(
                list_filter(
                    list_transform(
                        list_zip(
                            json_type(_properties, {{ paths }}),
                            json_extract_string(_properties, {{ paths }}),
                            {{ range(members | length) | list }}
                        ),
                        lambda found: case found[3]
                            {%- for member, kind in members.items() %}
                            {%- set is_optional = kind.endswith('?') %}
                            {%- set kind = kind | replace('?', '') %}
                            when {{ loop.index0 }} then case
                                when found[1] is null
                                    then {{ 'null' if is_optional else
                                        "'" ~ event ~ ' needs ' ~ member ~ ', '
                                        ~ braze_bridge.movable_ink_kind_in_words(kind) ~ "'" }}
                                when not coalesce(
                                    {{ braze_bridge.duckdb__is_of_kind(kind, member) }}, false
                                )
                                    then '{{ event }}: {{ member }} is not {{ braze_bridge.movable_ink_kind_in_words(kind) }}'
                            end
                            {%- endfor %}
                        end
                    ),
                    lambda said: said is not null
                ),
                1
            )
{%- endmacro %}


{# Whether a JSON value is of a kind: `found` holds its type and its text; a list is the
   `member` of the properties. What would fail on a text of any kind has no place here: one
   row would break the view. #}
{% macro duckdb__is_of_kind(kind, member, found='found') -%}
    {%- set number = found ~ "[1] in ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE')" -%}
    {%- if kind == 'text' -%}
        {{ found }}[1] = 'VARCHAR' and {{ found }}[2] <> ''
    {%- elif kind == 'url' -%}
        {{ found }}[1] = 'VARCHAR'
                                    and regexp_full_match({{ found }}[2], 'https?://[^ \t\n\r\f\v]+')
    {%- elif kind == 'number' -%}
        {{ number }}
    {%- elif kind == 'quantity' -%}
        {{ found }}[1] = 'UBIGINT' and {{ found }}[2] <> '0'
    {%- elif kind == 'currency' -%}
        {{ found }}[1] = 'VARCHAR' and regexp_full_match({{ found }}[2], '[A-Z]{3}')
    {%- elif kind == 'categories' -%}
        {{ braze_bridge.duckdb__is_list_of(member, {'id': 'text', 'url': 'url'}) }}
    {%- elif kind == 'products' -%}
        {{ found }}[2] <> '[]' and {{ braze_bridge.duckdb__is_list_of(
            member, {'id': 'text', 'price': 'number', 'quantity': 'quantity'}
        ) }}
    {%- endif -%}
{%- endmacro %}


{# Whether a member of the properties is a list of nothing but objects with these members. #}
{% macro duckdb__is_list_of(member, members) -%}
    found[1] = 'ARRAY' and len(list_filter(
                                        json_extract(_properties, '$.{{ member }}[*]'),
                                        lambda item: not coalesce(
                                            {%- for name, kind in members.items() %}
                                            {%- set value = "[json_type(item, '$." ~ name
                                                ~ "'), json_extract_string(item, '$." ~ name ~ "')]" %}
                                            {{ braze_bridge.duckdb__is_of_kind(kind, name, value) }}
                                            {{ 'and' if not loop.last }}
                                            {%- endfor %}, false
                                        )
                                    )) = 0
{%- endmacro %}
