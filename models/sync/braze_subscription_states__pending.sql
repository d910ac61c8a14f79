{{ pending_subscription_states(ref('braze_subscription_states'), heard=ref('int_consent_heard')) }}
