{{ pending_rows(ref('braze_audience_lists'), key='external_id', array_columns=['audiences'], on_removed='unset') }}
