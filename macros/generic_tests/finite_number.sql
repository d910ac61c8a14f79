{#
    JSON has no NaN and no Infinity: Braze refuses the whole request that holds one,
    with the 74 other customers in it.
#}
{% test finite_number(model, column_name) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and not {{ braze_bridge.is_finite(column_name) }}

{% endtest %}
