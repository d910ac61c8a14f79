{#
    One audience a user: of those that the user belongs to, the first in `priority`. Columns
    audience_id and external_id, as the members have them, so that every encoding takes the
    one or the other.

    candidates  relation: audience_id, external_id, is_held_out
    priority    ids of audiences, highest first; others are left out

    Who is held out of the highest goes to none: a control group that received the next
    best message would be none.
#}
{% macro audience_assignments(candidates, priority) -%}
with

candidates as (

    select
        audience_id,
        external_id,
        is_held_out,
        case audience_id
            {%- for audience_id in priority %}
            when '{{ audience_id }}' then {{ loop.index }}
            {%- endfor %}
        end as place
    from {{ candidates }}

),

highest as (

    select *
    from candidates
    where place is not null
    qualify row_number() over (partition by external_id order by place) = 1

)

select
    audience_id,
    external_id
from highest
where not is_held_out
{%- endmacro %}
