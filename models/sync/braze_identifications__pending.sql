{{ pending_identifications(ref('braze_identifications')) }}
