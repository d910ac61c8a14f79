{#
    Braze does not apply a text of more than 255 characters: the profile keeps the
    value it had.
#}
{% test max_length(model, column_name, characters=255) %}

select {{ column_name }}
from {{ model }}
where length({{ column_name }}) > {{ characters }}

{% endtest %}
