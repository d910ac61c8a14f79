{#
    Braze takes an ISO 639-1 code (en, not en-US or English) and ignores the rest;
    messages then fall back to the default language. Needs the seed braze_languages.
#}
{% test valid_language(model, column_name) %}

with

known_values as (

    select distinct language as known_value
    from {{ ref('braze_bridge', 'braze_languages') }}

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
