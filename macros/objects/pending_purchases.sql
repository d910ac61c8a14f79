{#
    The purchases of a mart that Braze has not been sent: one purchase object a row, each
    key once, whatever becomes of the row later. For workspaces that still have the
    purchase object; others send e-commerce events with pending_events().

    mart  columns: the key; the user's; product_id; currency; price (of one article,
          negative for a refund); quantity; time (a timestamp); properties (a struct or
          JSON, may be null); and app_id, if the purchase belongs to an app
    key   the column that tells one purchase from another, for ever
    user  'external_id', 'braze_id', 'email', 'phone', or 'user_alias' for the columns
          alias_name and alias_label

    Braze takes no more than 100 of an article at once: 250 of k leave as k, k#2 and k#3.
    `missing_user: skip` in meta.sync leaves users alone whom Braze does not know.
#}
{% macro pending_purchases(mart, key='purchase_key', user='external_id') -%}
    {{- braze_bridge.check_user('pending_purchases', user) -}}
    {%- set members -%}
        '"product_id":' || coalesce({{ braze_bridge.json_text('product_id') }}, 'null')
        || ',"currency":' || coalesce({{ braze_bridge.json_text('currency') }}, 'null')
        || ',"price":' || coalesce({{ braze_bridge.number_json('price') }}, 'null')
        || ',"quantity":' || coalesce(cast(_quantity as varchar), 'null')
    {%- endset -%}
    {{- braze_bridge.pending_objects(
        braze_bridge.purchase_parts(
            braze_bridge.occurrence_mart(mart, key, user, {
                'product_id': 'varchar', 'currency': 'varchar', 'price': none, 'quantity': none,
            }),
            key,
        ),
        row_key='_part_key',
        prepared=braze_bridge.prepared_occurrences(
            '_part_key', braze_bridge.names_of_no_purchase_property()
        ),
        parts={
            'payload': braze_bridge.occurrence_payload(user, members),
            'row_json': braze_bridge.kept_occurrence(user, {'product_id': 'product_id'}),
            'problem': braze_bridge.purchase_problem(user),
            'user_key': braze_bridge.user_key(user),
            'sort_key': '_iso_time',
            'adoptable': 'true',
            'data_points': '1',
        },
        once=true,
    ) -}}
{%- endmacro %}


{# A row for every hundred: _part_key and _quantity. A quantity that is none, or beyond
   what anybody buys, is one row, and a problem. #}
{% macro purchase_parts(mart, key) -%}
    {%- set is_parted -%}
        _articles between 1 and {{ braze_bridge.most_articles() }}
    {%- endset -%}
    {%- set count_parts -%}
        cast(case when {{ is_parted }} then ceil(_articles / 100) else 1 end as integer)
    {%- endset -%}
    (
        select
            * exclude (_part),
            {{ key }} || case when _part > 1 then '#' || cast(_part as varchar) else '' end
                as _part_key,
            case
                when {{ is_parted }} then least(100, _articles - 100 * (_part - 1))
                else _articles
            end as _quantity
        from {{ braze_bridge.numbered_copies(
            '(select *, try_cast(' ~ braze_bridge.whole_number('quantity')
            ~ ' as bigint) as _articles from ' ~ mart ~ ')',
            count_parts
        ) }}
    )
{%- endmacro %}


{# Every row as often as it says, numbered from 1 in _part. #}
{% macro numbered_copies(rows, count) -%}
    {{- adapter.dispatch('numbered_copies', 'braze_bridge')(rows, count) -}}
{%- endmacro %}

{% macro default__numbered_copies(rows, count) -%}
    (
        select copied.*, cast(copy.value as integer) as _part
        from {{ rows }} as copied,
            lateral flatten(input => array_generate_range(1, {{ count }} + 1)) as copy
    )
{%- endmacro %}

{% macro duckdb__numbered_copies(rows, count) -%}
    (select *, unnest(range(1, {{ count }} + 1)) as _part from {{ rows }})
{%- endmacro %}


{# A thousand parts. #}
{% macro most_articles() -%}
    100000
{%- endmacro %}


{% macro purchase_problem(user) -%}
    coalesce(
        case
            when nullif(product_id, '') is null then 'product_id is missing'
            when length(product_id) > 255 then 'product_id has more than 255 characters'
            when {{ braze_bridge.keep_pattern('currency', '[A-Z]{3}') }} is null
                then 'currency is not three capitals such as EUR'
            when {{ braze_bridge.number_json('price') }} is null
                then 'price is not a finite number'
            when quantity is null then 'quantity is missing'
            when _articles is null or _articles < 1
                then 'quantity is not a whole number above 0; a refund has a negative price'
            when _articles > {{ braze_bridge.most_articles() }}
                then 'quantity is above {{ braze_bridge.most_articles() }}'
        end,
        {{ braze_bridge.occurrence_problem(
            user, '_part_key', braze_bridge.names_of_no_purchase_property(), 50
        ) }}
    )
{%- endmacro %}


{% macro names_of_no_purchase_property() -%}
    {{- return(['time', 'product_id', 'quantity', 'event_name', 'price', 'currency']) -}}
{%- endmacro %}


{# A finite number as JSON with all its digits, null for anything else. #}
{% macro number_json(column) -%}
    {{- adapter.dispatch('number_json', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__number_json(column) -%}
    {%- set text = braze_bridge.number_text(column) -%}
    case
        when
            typeof(to_variant({{ column }})) in ('INTEGER', 'DECIMAL', 'DOUBLE')
            and regexp_instr({{ text }}, '^-?[0-9][0-9.eE+-]*$') > 0
            then {{ text }}
    end
{%- endmacro %}

{% macro duckdb__number_json(column) -%}
    nullif(regexp_extract(
        {{ braze_bridge.duckdb__attribute_json(column) }}, '^-?[0-9][0-9.eE+-]*$'
    ), '')
{%- endmacro %}


{# A column of any type as text, a number with all its digits. #}
{% macro number_text(column) -%}
    {{- adapter.dispatch('number_text', 'braze_bridge')(column) -}}
{%- endmacro %}

{% macro default__number_text(column) -%}
    {%- set value = 'to_variant(' ~ column ~ ')' -%}
    iff(
        typeof({{ value }}) = 'DOUBLE',
        {{ braze_bridge.snowflake__float_text('as_double(' ~ value ~ ')') }},
        cast({{ column }} as varchar)
    )
{%- endmacro %}

{% macro duckdb__number_text(column) -%}
    cast({{ column }} as varchar)
{%- endmacro %}
