{{ braze_bridge.pending_purchases(ref('adventureworks_purchases'), key='purchase_key', user='external_id') }}
