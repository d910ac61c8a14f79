{{ braze_bridge.pending_catalog_items(ref('adventureworks_catalog_products'), 'adventureworks_products', description='Everything AdventureWorks sells', on_removed='delete') }}
