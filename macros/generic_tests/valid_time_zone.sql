{#
    Braze ignores a time zone that is not an IANA name, and messages for 9 a.m. local
    time then leave at 9 a.m. of the company. Needs the seed braze_time_zones.
#}
{% test valid_time_zone(model, column_name) %}

with

known_values as (

    select distinct time_zone as known_value
    from {{ ref('braze_bridge', 'braze_time_zones') }}

),

values_in_use as (

    select distinct {{ column_name }} as value_in_use
    from {{ model }}
    where {{ column_name }} is not null

)

select values_in_use.value_in_use
from values_in_use
left join known_values
    on values_in_use.value_in_use = known_values.known_value
where known_values.known_value is null

{% endtest %}
