{{ pending_movable_ink_events(
    ref('movable_ink_events'),
    key='event_key',
    known_emails=ref('int_customers_deduplicated')
) }}
