{# What happened to a message: event type -> action. Retries, aborts and deferrals are left
   out: they are Braze's affair, and a message that came later has a send of its own. #}
{% macro currents_message_actions() -%}
    {%- set families = {
        'email': {
            'Send': 'sent', 'Delivery': 'delivered', 'Open': 'opened', 'Click': 'clicked',
            'Bounce': 'bounced', 'SoftBounce': 'deferred', 'MarkAsSpam': 'complained',
            'Unsubscribe': 'unsubscribed',
        },
        'pushnotification': {'Send': 'sent', 'Open': 'opened', 'Bounce': 'bounced'},
        'sms': {
            'Send': 'sent', 'Delivery': 'delivered', 'DeliveryFailure': 'failed',
            'Rejection': 'failed', 'ShortLinkClick': 'clicked', 'InboundReceive': 'replied',
        },
        'whatsapp': {
            'Send': 'sent', 'Delivery': 'delivered', 'Read': 'opened', 'Click': 'clicked',
            'Failure': 'failed', 'InboundReceive': 'replied',
        },
        'rcs': {
            'Send': 'sent', 'Delivery': 'delivered', 'Read': 'opened', 'Click': 'clicked',
            'Rejection': 'failed', 'InboundReceive': 'replied',
        },
        'line': {'Send': 'sent', 'Click': 'clicked', 'InboundReceive': 'replied'},
        'inappmessage': {'Impression': 'shown', 'Click': 'clicked'},
        'contentcard': {'Send': 'sent', 'Impression': 'shown', 'Click': 'clicked'},
        'banner': {'Impression': 'shown', 'Click': 'clicked'},
        'webhook': {'Send': 'sent'},
    } -%}
    {%- set actions = {} -%}
    {%- for family, names in families.items() -%}
        {%- for name, action in names.items() -%}
            {%- do actions.update({'users.messages.' ~ family ~ '.' ~ name: action}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(actions) -}}
{%- endmacro %}


{# The message events of every type that was loaded, as Braze wrote them, with event_type,
   channel and action. #}
{% macro currents_message_events() -%}
    {%- set channels = {
        'pushnotification': 'push', 'inappmessage': 'in_app', 'contentcard': 'content_card',
    } -%}
    {%- set columns = {
        'campaign_id': 'varchar', 'campaign_name': 'varchar', 'canvas_id': 'varchar',
        'canvas_name': 'varchar', 'send_id': 'varchar', 'email_address': 'varchar',
        'url': 'varchar', 'machine_open': 'varchar', 'is_suspected_bot_click': 'boolean',
    } -%}
    {%- set actions = braze_bridge.currents_message_actions() -%}
    {%- for event_type in braze_bridge.currents_loaded(actions) -%}
    {%- set family = event_type.split('.')[2] %}
select
    '{{ event_type }}' as event_type,
    '{{ channels.get(family, family) }}' as channel,
    '{{ actions[event_type] }}' as action,
    events.*
from (
    {{ braze_bridge.currents_events(event_type, columns) | indent(4) }}
) as events
{% if not loop.last %}union all{% endif %}
    {%- endfor %}
{%- endmacro %}
