{{ braze_bridge.pending_rows(ref('adventureworks_audience_lists'), key='external_id', array_columns=['audiences'], on_removed='unset') }}
