with

web_events as (

    select * from {{ ref('int_web_events_deduplicated') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

{# Braze wants a price with every view of a product and every cart. #}
product_events as (

    select
        web_events.*,
        products.product_name,
        products.price_amount
    from web_events
    inner join products
        on web_events.product_id = products.product_id
    where products.price_amount is not null

),

views as (

    select
        event_id,
        external_id,
        'ecommerce.product_viewed' as name,
        occurred_at,
        {{ json_of({
            'product_id': 'product_id',
            'product_name': 'product_name',
            'variant_id': 'product_id',
            'price': 'price_amount',
            'currency': "'EUR'",
            'source': 'platform',
        }) }} as properties
    from product_events
    where event_name = 'product_view'

),

{# A cart lives as long as the visit: the site knows no other name for it. #}
cart_additions as (

    select
        event_id,
        external_id,
        'ecommerce.cart_updated' as name,
        occurred_at,
        {{ json_of({
            'cart_id': 'session_id',
            'action': "'add'",
            'total_value': 'price_amount',
            'currency': "'EUR'",
            'source': 'platform',
            'products': '[' ~ object_of({
                'product_id': 'product_id',
                'product_name': 'product_name',
                'variant_id': 'product_id',
                'quantity': '1',
                'price': 'price_amount',
            }) ~ ']',
        }) }} as properties
    from product_events
    where event_name = 'add_to_cart'

),

searches as (

    select
        event_id,
        external_id,
        'searched' as name,
        occurred_at,
        {{ json_of({'search_term': 'search_term', 'platform': 'platform'}) }} as properties
    from web_events
    where event_name = 'search' and search_term is not null

),

category_views as (

    select
        event_id,
        external_id,
        'category_viewed' as name,
        occurred_at,
        {{ json_of({'category': 'category', 'platform': 'platform'}) }} as properties
    from web_events
    where event_name = 'category_view' and category is not null

),

unioned as (

    select * from views
    union all
    select * from cart_additions
    union all
    select * from searches
    union all
    select * from category_views

)

select * from unioned
