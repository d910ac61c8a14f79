{{ braze_bridge.pending_rows(ref('people'), on_removed='false', min_interval={'is_member': '2 hours'}) }}
