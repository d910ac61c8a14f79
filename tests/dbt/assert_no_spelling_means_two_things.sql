{#
    Protects the grain: a spelling that meant two countries or two languages would
    make two rows of one customer.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
with

spellings as (

    select
        'country' as list_name,
        {{ lookup_key('spelling') }} as spelling_key
    from {{ ref('braze_countries') }}
    union all
    select
        'language' as list_name,
        {{ lookup_key('spelling') }} as spelling_key
    from {{ ref('braze_languages') }}
    union all
    select
        'time zone' as list_name,
        lower(time_zone) as spelling_key
    from {{ ref('braze_time_zones') }}

)

select
    list_name,
    spelling_key,
    count(*) as count_spellings
from spellings
group by all
having count(*) > 1 or spelling_key is null
