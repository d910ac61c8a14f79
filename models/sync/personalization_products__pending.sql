{{ pending_records(
    ref('personalization_products'),
    collection='products',
    key='sku',
    columns=[
        'sku', 'name', 'category', 'brand', 'price', 'is_in_stock', 'is_active', 'launched_on'
    ],
    indexes={'category': {'order': ['sales_rank'], 'most': 20}}
) }}
