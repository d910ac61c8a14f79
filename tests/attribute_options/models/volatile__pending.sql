{{ braze_bridge.pending_rows(ref('people'), min_interval={'propensity': '7 days'}) }}
