{{ braze_bridge.pending_rows(ref('contacts'), key='email', on_removed='unset') }}
