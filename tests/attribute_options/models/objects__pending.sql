{{ braze_bridge.pending_rows(ref('people'), merge_columns=['home_store']) }}
