{#
    Braze believes any date: 1900-01-01 greets a customer of 126 years, a birthday
    to come makes a negative age.
#}
{% test valid_dob(model, column_name) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} < {{ braze_bridge.earliest_date() }}
    or {{ column_name }} > {{ braze_bridge.as_of_date() }}

{% endtest %}
