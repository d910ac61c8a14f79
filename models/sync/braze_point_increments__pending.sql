{{ pending_increments(ref('braze_point_increments'), key='increment_key', user='external_id') }}
