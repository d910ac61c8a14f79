{{ braze_bridge.pending_cohort_members(ref('adventureworks_cohort_members')) }}
