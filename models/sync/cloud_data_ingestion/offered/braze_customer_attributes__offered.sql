{{ offered_rows(pending_rows(ref('braze_customer_attributes'), key='external_id')) }}
