{{ braze_bridge.pending_rows(ref('adventureworks_audience_flags'), key='external_id', on_removed='false') }}
