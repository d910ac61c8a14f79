{{ pending_cohort_members(ref('braze_cohort_members')) }}
