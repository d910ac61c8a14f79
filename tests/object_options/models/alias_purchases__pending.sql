{{ braze_bridge.pending_purchases(ref('purchases'), user='user_alias') }}
