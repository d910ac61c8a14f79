{#
    Protects the delta: Braze keeps addresses in lower case, so an address in capitals
    would never equal what was sent and would be sent at every run.
#}
select
    external_id,
    email
from {{ ref('braze_customer_attributes') }}
where email != lower(email)
