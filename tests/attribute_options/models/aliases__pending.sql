{{ braze_bridge.pending_rows(ref('aliases'), key=['alias_name', 'alias_label']) }}
