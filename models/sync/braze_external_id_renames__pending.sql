{{ pending_external_id_renames(ref('braze_external_id_renames'), after='braze_customer_attributes') }}
