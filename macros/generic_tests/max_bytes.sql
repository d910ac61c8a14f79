{#
    Braze refuses an external_id of more than 987 bytes. Bytes, not characters: an
    accented letter counts twice, an emoji four times.
#}
{% test max_bytes(model, column_name, bytes=987) %}

select {{ column_name }}
from {{ model }}
where {{ braze_bridge.byte_length(column_name) }} > {{ bytes }}

{% endtest %}
