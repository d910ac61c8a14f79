{{ braze_bridge.pending_rows(ref('timed'), changed_since='updated_at', on_removed='unset') }}
