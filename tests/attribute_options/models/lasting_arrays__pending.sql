{{ braze_bridge.pending_rows(ref('people'), array_columns=['audiences'], on_null='ignore') }}
