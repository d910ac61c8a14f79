{{ braze_bridge.pending_events(ref('events'), user='email') }}
