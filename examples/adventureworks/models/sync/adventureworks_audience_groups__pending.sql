{{ braze_bridge.pending_subscription_states(ref('adventureworks_audience_groups'), groups=ref('adventureworks_subscription_groups')) }}
