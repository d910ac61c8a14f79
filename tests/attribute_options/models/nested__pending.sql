{{ braze_bridge.pending_rows(
    ref('people'),
    array_columns=['audiences'],
    merge_columns=['home_store'],
    keyed_arrays={'recent_orders': 'order_id'}
) }}
