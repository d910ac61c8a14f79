{{ braze_bridge.pending_rows(ref('adventureworks_customer_attributes'), key='external_id', on_removed='ignore', on_null='unset') }}
