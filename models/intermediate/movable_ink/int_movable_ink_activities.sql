with

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts_matched') }}

),

customers as (

    select * from {{ ref('int_customers_deduplicated') }}

),

time_zones as (

    select * from {{ ref('braze_time_zones') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_sold') }}

),

{# The site may deliver an event twice: the copies are alike, one is enough. #}
visits as (

    select *
    from web_events
    where event_id is not null and occurred_at is not null
    qualify
        row_number() over (
            partition by event_id
            order by occurred_at, customer_id nulls last, session_id
        ) = 1

),

{# The shop knows a visitor by the session alone. #}
described as (

    select
        'web/' || visits.event_id as event_key,
        case visits.event_name
            when 'product_view' then 'product_viewed'
            when 'category_view' then 'category_viewed'
            when 'add_to_cart' then 'cart_add'
            when 'search' then 'search'
        end as event,
        accounts.external_id as user_id,
        {{ movable_ink_anonymous_id('visits.session_id') }} as anonymous_id,
        visits.occurred_at,
        case
            when visits.event_name in ('product_view', 'add_to_cart')
                then {{ json_of({
                    'id': 'visits.product_id',
                    'title': 'products.product_name',
                    'url': "'https://shop.example.com/products/' || visits.product_id",
                    'price': 'products.price_amount',
                    'categories': '[' ~ object_of({
                        'id': 'products.category',
                        'url': "'https://shop.example.com/categories/' || lower(replace(products.category, ' ', '-'))",
                    }) ~ ']',
                    'meta': object_of({'platform': 'visits.platform'}),
                }) }}
            when visits.event_name = 'category_view'
                then {{ json_of({
                    'id': 'visits.category',
                    'title': 'visits.category',
                    'url': "'https://shop.example.com/categories/' || lower(replace(visits.category, ' ', '-'))",
                }) }}
            else {{ json_of({'query': 'visits.search_term'}) }}
        end as properties
    from visits
    left join accounts
        on visits.customer_id = accounts.customer_id
    left join products
        on visits.product_id = products.product_id
    where
        case
            when visits.event_name in ('product_view', 'add_to_cart')
                then products.price_amount is not null and products.category is not null
            when visits.event_name = 'category_view' then visits.category is not null
            else visits.search_term is not null
        end

),

{# Whoever orders is known; the shop does not keep from which session. #}
orders as (

    select
        'order/' || order_id as event_key,
        'order_completed' as event,
        external_id as user_id,
        cast(null as varchar) as anonymous_id,
        ordered_at as occurred_at,
        {{ json_of({
            'id': 'order_id',
            'revenue': 'cast(sum(quantity * unit_price_amount) as decimal(18, 2))',
            'currency': 'currency',
            'products': array_of(
                object_of({
                    'id': 'product_id',
                    'title': 'product_name',
                    'price': 'unit_price_amount',
                    'quantity': 'quantity',
                }),
                order_by='line_key'
            ),
        }) }} as properties
    from order_lines
    where not is_refund
    group by order_id, external_id, ordered_at, currency

),

unioned as (

    select * from described
    where event is not null
    union all
    select * from orders

),

final as (

    select
        unioned.event_key,
        unioned.event,
        unioned.user_id,
        unioned.anonymous_id,
        unioned.occurred_at,
        coalesce(time_zones.time_zone, 'UTC') as timezone,
        unioned.properties
    from unioned
    left join customers
        on unioned.user_id = customers.external_id
    left join time_zones
        on customers.time_zone_text = time_zones.time_zone
    where not coalesce(customers.is_test_account, false)

)

select * from final
