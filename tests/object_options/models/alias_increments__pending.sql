{{ braze_bridge.pending_increments(ref('increments'), user='user_alias') }}
