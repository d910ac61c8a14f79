{{ pending_records(
    ref('personalization_recommendations'),
    collection='recommendations',
    key='user_id',
    columns=[
        'user_id', 'full_name', 'lifetime_value', 'churn_risk', '90_day_summary',
        'recommendations'
    ],
    missing={'recommendations': {'products': []}},
    personal=['full_name'],
    user='user_id'
) }}
