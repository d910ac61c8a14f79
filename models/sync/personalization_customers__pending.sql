{{ pending_records(
    ref('personalization_customers'),
    collection='customers',
    key='user_id',
    columns=[
        'user_id', 'loyalty', 'value_tier', 'favourite_categories', 'orders_count',
        'lifetime_value', 'customer_since', 'home_store', 'last_order'
    ],
    indexes={'email': {}},
    user='user_id'
) }}
