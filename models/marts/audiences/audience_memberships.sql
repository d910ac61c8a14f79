{{ audience_memberships(ref('audience_members')) }}
