{{ cdi_rows(ref('braze_custom_events__offered'), object='events') }}
