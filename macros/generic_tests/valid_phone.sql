{#
    Braze stores a phone number that is not E.164 without a word, and SMS and
    WhatsApp messages to it are never sent.
#}
{% test valid_phone(model, column_name) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and {{ braze_bridge.keep_pattern(
        column_name, braze_bridge.phone_pattern()
    ) }} is null

{% endtest %}
