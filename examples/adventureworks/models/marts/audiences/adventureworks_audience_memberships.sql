{{ braze_bridge.audience_memberships(ref('adventureworks_audience_members')) }}
