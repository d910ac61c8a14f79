{# Why Braze would not count one of its e-commerce events, or null. Columns `name` and
   _properties; what each event must carry: braze-api 2.9. #}
{% macro ecommerce_problem() -%}
    {%- set events = braze_bridge.ecommerce_events() -%}
    case
        when not name like 'ecommerce.%' then null
        when name not in ('{{ events | join("', '") }}')
            then name || ' is none of Braze''s e-commerce events'
        {%- for property, kind in braze_bridge.ecommerce_kinds().items() %}
        {%- set needing = [] %}
        {%- for event, required in events.items() if property in required %}
            {%- do needing.append(event) %}
        {%- endfor %}
        when
            name in ('{{ needing | join("', '") }}')
            and not {{ braze_bridge.is_json_of_kind('_properties', property, kind) }}
            then name || ' needs {{ property }}, {{ braze_bridge.kind_in_words(kind) }}'
        {%- endfor %}
        when {{ braze_bridge.json_member('_properties', 'action') }} not in ('add', 'remove')
            and name = 'ecommerce.cart_updated'
            then 'the action of ecommerce.cart_updated is neither add nor remove'
        {%- for property in ['product_id', 'product_name', 'variant_id', 'quantity', 'price'] %}
        {%- set kind = 'quantity' if property == 'quantity' else braze_bridge.ecommerce_kinds()[property] %}
        when
            name <> 'ecommerce.product_viewed'
            and not {{ braze_bridge.is_every_item_of_kind('_properties', 'products', property, kind) }}
            then 'each of products needs {{ property }}, {{ braze_bridge.kind_in_words(kind) }}'
        {%- endfor %}
    end
{%- endmacro %}


{% macro ecommerce_events() -%}
    {%- set order = ['order_id', 'total_value', 'currency', 'source', 'products'] -%}
    {{- return({
        'ecommerce.product_viewed': [
            'product_id', 'product_name', 'variant_id', 'price', 'currency', 'source'
        ],
        'ecommerce.cart_updated': ['cart_id'] + order[1:],
        'ecommerce.checkout_started': ['checkout_id'] + order[1:],
        'ecommerce.order_placed': order,
        'ecommerce.order_refunded': order,
        'ecommerce.order_cancelled': order + ['cancel_reason'],
    }) -}}
{%- endmacro %}


{% macro ecommerce_kinds() -%}
    {{- return({
        'order_id': 'text',
        'cart_id': 'text',
        'checkout_id': 'text',
        'cancel_reason': 'text',
        'source': 'text',
        'currency': 'currency',
        'total_value': 'number',
        'products': 'list',
        'product_id': 'text',
        'product_name': 'text',
        'variant_id': 'text',
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
