{#
    Braze maps other spellings of a country as best it can and stores null where it
    cannot. Needs the seed braze_countries.
#}
{% test valid_country(model, column_name) %}

with

known_values as (

    select distinct country as known_value
    from {{ ref('braze_bridge', 'braze_countries') }}

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
