{{ offered_rows(pending_events(ref('braze_custom_events'), key='event_key', user='external_id')) }}
