{{ pending_merges(ref('braze_merges')) }}
