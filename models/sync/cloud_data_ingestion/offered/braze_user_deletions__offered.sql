{{ offered_rows(pending_deletions(ref('braze_user_deletions'))) }}
