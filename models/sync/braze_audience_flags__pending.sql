{{ pending_rows(ref('braze_audience_flags'), key='external_id', on_removed='false') }}
