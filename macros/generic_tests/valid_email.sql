{#
    Braze refuses the whole object of a malformed address (EMAIL_BAD_FORMAT) and
    keeps addresses in lower case: any other spelling would be resent for ever.
#}
{% test valid_email(model, column_name) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and {{ braze_bridge.keep_pattern(
        column_name, braze_bridge.email_pattern()
    ) }} is null

{% endtest %}
