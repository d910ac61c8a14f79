{{ cdi_rows(ref('braze_user_deletions__offered'), object='deletions') }}
