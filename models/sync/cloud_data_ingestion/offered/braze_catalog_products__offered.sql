{{ offered_rows(pending_catalog_items(ref('braze_catalog_products'), 'products')) }}
