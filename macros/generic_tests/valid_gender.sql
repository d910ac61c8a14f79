{# Braze knows M, F, O, N and P; a word such as "female" is not stored. #}
{% test valid_gender(model, column_name) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} not in ('M', 'F', 'O', 'N', 'P')

{% endtest %}
