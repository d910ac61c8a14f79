{{ pending_rows(ref('braze_message_engagement')) }}
