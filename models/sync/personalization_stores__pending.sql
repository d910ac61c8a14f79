{{ pending_records(
    ref('personalization_stores'),
    collection='stores',
    key='user_id',
    columns=['user_id', 'nearest'],
    missing={'nearest': []},
    user='user_id'
) }}
