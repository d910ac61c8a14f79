{# Whom a voucher may bring back. VIP customers come without one. #}
{{ audience(
    include=[ref('audience_lapsed'), ref('audience_cart_abandoners')],
    exclude=[ref('audience_vip')],
    holdout=20
) }}
