{{ offered_rows(pending_purchases(ref('braze_purchases'), key='purchase_key', user='external_id')) }}
