{{ pending_aliases(ref('braze_user_aliases'), after='braze_customer_attributes') }}
