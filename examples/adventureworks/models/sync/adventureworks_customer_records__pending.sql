{{ braze_bridge.pending_records(
    ref('adventureworks_customer_attributes'),
    collection='customers',
    key='external_id',
    columns=[
        'external_id', 'title', 'first_name', 'country', 'occupation', 'value_tier',
        'favourite_categories', 'orders_count', 'lifetime_value', 'sales_territory',
        'recent_orders'
    ],
    indexes={'email': {}, 'country': {'order': ['lifetime_value desc', 'external_id'], 'most': 50}},
    personal=['first_name', 'country'],
    user='external_id'
) }}
