{{ audience_assignments(
    ref('audience_candidates'),
    priority=[
        'vip', 'cart_abandoners', 'voucher', 'lapsed', 'newsletter_prospects',
        'engaged', 'disengaged'
    ]
) }}
