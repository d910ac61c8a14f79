with

candidates as (

    select * from {{ ref('audience_candidates') }}

)

select
    audience_id,
    external_id
from candidates
where is_held_out
