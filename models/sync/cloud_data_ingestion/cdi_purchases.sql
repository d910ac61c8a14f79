{{ cdi_rows(ref('braze_purchases__offered'), object='purchases') }}
