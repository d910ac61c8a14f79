{{ braze_bridge.pending_events(ref('adventureworks_order_events'), key='event_key', user='external_id') }}
