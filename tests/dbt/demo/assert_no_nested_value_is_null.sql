{#
    Protects nested attributes: one null inside an object makes Braze drop the whole
    update of that attribute without an error.
#}
select external_id
from {{ ref('braze_customer_attributes') }}
where
    cast(to_json(home_store) as varchar) like '%:null%'
    or cast(to_json(recent_orders) as varchar) like '%:null%'
    or cast(to_json(favourite_categories) as varchar) like '%null%'
