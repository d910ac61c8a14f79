{{ braze_bridge.pending_events(ref('events'), user='user_alias') }}
