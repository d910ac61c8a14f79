{{ pending_catalog_items(ref('braze_catalog_products'), 'products', description='What the shop sells', on_removed='delete') }}
