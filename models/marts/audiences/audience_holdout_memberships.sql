{{ audience_memberships(ref('audience_holdouts')) }}
