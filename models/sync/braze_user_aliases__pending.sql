{{ pending_aliases(ref('braze_user_aliases')) }}
