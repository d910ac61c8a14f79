{{ cdi_rows(ref('braze_customer_attributes__offered'), object='attributes') }}
