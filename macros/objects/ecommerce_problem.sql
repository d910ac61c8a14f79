{# Why Braze would not count one of its e-commerce events, or null. Columns `name` and
   _properties; what each event must carry: braze-api 2.9. #}
{% macro ecommerce_problem() -%}
    {%- set events = braze_bridge.ecommerce_events() -%}
    case
        when not coalesce(name like 'ecommerce.%', false) then null
        when name not in ('{{ events | join("', '") }}')
            then name || ' is none of Braze''s e-commerce events'
        when {{ braze_bridge.json_member('_properties', 'action') }} not in ('add', 'remove')
            and name = 'ecommerce.cart_updated'
            then 'the action of ecommerce.cart_updated is neither add nor remove'
        {{- braze_bridge.whole_ecommerce_events(events) }}
        {%- for member, kind in braze_bridge.ecommerce_kinds(events).items() %}
        when
            name in ({{ braze_bridge.events_with(member, events) }})
            and not {{ braze_bridge.are_json_of_kinds('_properties', {member: kind}) }}
            then name || ' needs {{ member }}, {{ braze_bridge.kind_in_words(kind) }}'
        {%- endfor %}
        {%- for member, kind in braze_bridge.product_kinds().items() %}
        when
            name in ({{ braze_bridge.events_with('products', events) }})
            and not {{ braze_bridge.are_items_of_kinds('_properties', 'products', {member: kind}) }}
            then 'each of products needs {{ member }}, {{ braze_bridge.kind_in_words(kind) }}'
        {%- endfor %}
    end
{%- endmacro %}


{# All members at once first: on DuckDB, one by one costs ten times as much. #}
{% macro whole_ecommerce_events(events) -%}
    {{- adapter.dispatch('whole_ecommerce_events', 'braze_bridge')(events) -}}
{%- endmacro %}

{% macro default__whole_ecommerce_events(events) -%}{%- endmacro %}

{% macro duckdb__whole_ecommerce_events(events) -%}
    {%- for event, members in events.items() %}
        when
            name = '{{ event }}'
            and {{ braze_bridge.are_json_of_kinds('_properties', members) }}
            {%- if 'products' in members %}
            and {{ braze_bridge.are_items_of_kinds(
                '_properties', 'products', braze_bridge.product_kinds()
            ) }}
            {%- endif %}
            then null
    {%- endfor %}
{%- endmacro %}


{% macro events_with(member, events) -%}
    {%- for event, members in events.items() if member in members -%}
        '{{ event }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The members of all events, those last that an order has. #}
{% macro ecommerce_kinds(events) -%}
    {%- set last = events['ecommerce.order_placed'] -%}
    {%- set kinds = {} -%}
    {%- for members in events.values() -%}
        {%- for member, kind in members.items() if member not in last -%}
            {%- do kinds.update({member: kind}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(dict(kinds, **last)) -}}
{%- endmacro %}


{% macro ecommerce_events() -%}
    {%- set sum = {
        'total_value': 'number', 'currency': 'currency', 'source': 'text', 'products': 'list'
    } -%}
    {%- set view = {
        'product_id': 'text',
        'product_name': 'text',
        'variant_id': 'text',
        'price': 'number',
        'currency': 'currency',
        'source': 'text',
    } -%}
    {{- return({
        'ecommerce.product_viewed': view,
        'ecommerce.cart_updated': dict(cart_id='text', **sum),
        'ecommerce.checkout_started': dict(checkout_id='text', **sum),
        'ecommerce.order_placed': dict(order_id='text', **sum),
        'ecommerce.order_refunded': dict(order_id='text', **sum),
        'ecommerce.order_cancelled': dict(order_id='text', cancel_reason='text', **sum),
    }) -}}
{%- endmacro %}


{# What each of an event's products must carry. #}
{% macro product_kinds() -%}
    {{- return({
        'product_id': 'text',
        'product_name': 'text',
        'variant_id': 'text',
        'quantity': 'quantity',
        'price': 'number',
    }) -}}
{%- endmacro %}


{% macro kind_in_words(kind) -%}
    {{- {
        'text': 'a text',
        'currency': 'three capitals such as EUR',
        'number': 'a number',
        'quantity': 'a whole number above 0',
        'list': 'a list that is not empty',
    }[kind] -}}
{%- endmacro %}
