"""The event types that Braze documents, and the table that each of them has."""

from __future__ import annotations

MANIFEST_TABLE = "currents_files"

_FAMILIES = {
    "agentconsole": "AgentExecuted ToolInvocation",
    "users": "RandomBucketNumberUpdate UserDeleteRequest UserOrphan",
    "users.behaviors": "CustomEvent InstallAttribution Location Purchase Uninstall",
    "users.behaviors.app": "FirstSession SessionEnd SessionStart",
    "users.behaviors.liveactivity": "PushToStartTokenChange UpdateTokenChange",
    "users.behaviors.pushnotification": "TokenStateChange",
    "users.behaviors.subscription": "GlobalStateChange",
    "users.behaviors.subscriptiongroup": "StateChange",
    "users.campaigns": "Conversion EnrollInControl",
    "users.canvas": "Conversion Entry",
    "users.canvas.costep": "Send",
    "users.canvas.exit": "MatchedAudience PerformedEvent",
    "users.canvas.experimentstep": "Conversion SplitEntry",
    "users.canvasstep": "Progression",
    "users.messages.banner": "Abort Click Dismiss Impression",
    "users.messages.contentcard": "Abort Click Dismiss Impression Send",
    "users.messages.email": (
        "Abort Bounce Click Deferral Delivery MarkAsSpam Open Retry Send "
        "SoftBounce Unsubscribe"
    ),
    "users.messages.featureflag": "Impression",
    "users.messages.inappmessage": "Abort Click Impression",
    "users.messages.line": "Abort Click InboundReceive Retry Send",
    "users.messages.liveactivity": "Outcome Send",
    "users.messages.pushnotification": "Abort Bounce IosForeground Open Retry Send",
    "users.messages.rcs": "Abort Click Delivery InboundReceive Read Rejection Send",
    "users.messages.sms": (
        "Abort CarrierSend Delivery DeliveryFailure InboundReceive Rejection "
        "Retry Send ShortLinkClick"
    ),
    "users.messages.webhook": "Abort Failure Retry Send",
    "users.messages.whatsapp": (
        "Abort Click Delivery Failure InboundReceive Read Retry Send"
    ),
    "users.profile": "Update",
}

KNOWN = frozenset(
    f"{family}.{name}" for family, names in _FAMILIES.items() for name in names.split()
)
"""As of June 2026 (Currents version 10)."""


def table_name(event_type: str) -> str:
    """The table of an event type: users.UserOrphan has users_userorphan."""
    return event_type.lower().replace(".", "_")
