{{ pending_subscription_states(ref('braze_audience_groups'), heard=ref('int_consent_heard')) }}
