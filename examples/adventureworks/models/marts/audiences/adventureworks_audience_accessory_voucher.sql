{# Whom a voucher for accessories may bring back; who spends much comes without one. #}
{{ braze_bridge.audience(
    include=[
        ref('adventureworks_audience_lapsed'),
        ref('adventureworks_audience_bare_bikes')
    ],
    exclude=[ref('adventureworks_audience_high_value')],
    holdout=20
) }}
