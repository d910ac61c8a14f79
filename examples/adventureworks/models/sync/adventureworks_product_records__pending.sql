{{ braze_bridge.pending_records(
    ref('adventureworks_catalog_products'),
    collection='products',
    key='id',
    columns=['id', 'name', 'model', 'description', 'category', 'subcategory', 'price'],
    indexes={'subcategory': {'order': ['price', 'id'], 'most': 100}},
    personal=['name']
) }}
