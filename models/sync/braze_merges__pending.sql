{{ pending_merges(ref('braze_merges'), after='braze_customer_attributes') }}
