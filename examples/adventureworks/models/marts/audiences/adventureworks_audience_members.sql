with

candidates as (

    select * from {{ ref('adventureworks_audience_candidates') }}

)

select
    audience_id,
    external_id
from candidates
where not is_held_out
