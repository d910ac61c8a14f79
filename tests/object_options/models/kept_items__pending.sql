{{ braze_bridge.pending_catalog_items(ref('items'), 'shoes', on_removed='ignore') }}
