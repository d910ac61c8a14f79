{#
    What the properties of each event must and may carry: member -> its kind, with a `?`
    behind it where it may be missing. The JSON Schemas in models/marts/movable_ink say the
    same; a test compares them. `meta` and further members may stand in every event.
#}
{% macro movable_ink_contracts() -%}
    {%- set thing = {
        'id': 'text', 'title': 'text?', 'url': 'url?', 'price': 'number?',
        'quantity': 'quantity?', 'categories': 'categories?',
    } -%}
    {{- return({
        'product_viewed': {
            'id': 'text', 'title': 'text', 'url': 'url', 'price': 'number',
            'categories': 'categories?',
        },
        'category_viewed': {'id': 'text', 'title': 'text', 'url': 'url'},
        'cart_add': thing,
        'cart_remove': thing,
        'search': {'query': 'text', 'url': 'url?'},
        'order_completed': {
            'id': 'text', 'revenue': 'number', 'currency': 'currency?',
            'products': 'products',
        },
    }) -}}
{%- endmacro %}


{% macro movable_ink_kind_in_words(kind) -%}
    {{- {
        'text': 'a text that is not empty',
        'url': 'a URL that begins with http',
        'number': 'a number',
        'quantity': 'a whole number above 0',
        'currency': 'three capitals such as EUR',
        'object': 'an object',
        'categories': 'a list of objects with id and url',
        'products': 'a list of objects with id, price and quantity, and not empty',
    }[kind] -}}
{%- endmacro %}
