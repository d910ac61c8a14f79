{{ braze_bridge.pending_rows(ref('people'), keyed_arrays={'recent_orders': 'order_id'}) }}
