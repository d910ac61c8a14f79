"""Holds the rules by which Braze refuses a single object of a /users/track request.

Pure: must not know the rest of the request, profiles, or HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeGuard

from . import event_rules
from .event_rules import MAX_NAME, is_number

PRIMARY: Final = ("external_id", "braze_id", "user_alias")

# Limits: contract sheet 2.1 (users/track reference, read 2026-09-02).
MAX_EXTERNAL_ID_BYTES = 987

NO_IDENTIFIER = (
    "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
)
# Braze's own words for this case are not published.
TWO_IDENTIFIERS = "only one of 'external_id', 'braze_id' or 'user_alias' is allowed"
BAD_EMAIL = "The value provided for the 'email' field is not a valid email."
LONG_EXTERNAL_ID = "'external_id' must be fewer than 988 bytes"

_EMAIL: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]+")
_STATES: Final = frozenset({"opted_in", "subscribed", "unsubscribed"})
# A tuple, as what is looked for may not be hashable.
GROUP_STATES: Final = ("subscribed", "unsubscribed")


def identifiers(sent: Any) -> list[str]:
    """List every text in an object that names a person."""
    if not isinstance(sent, dict):
        return []
    alias = sent.get("user_alias")
    names = [sent.get(name) for name in ("external_id", "braze_id", "email", "phone")]
    names += [alias.get("alias_name")] if isinstance(alias, dict) else []
    return [str(name) for name in names if name is not None]


class Terms(NamedTuple):
    """What differs between workspaces: the subscription groups, None if any will do.

    `strict` refuses as well what Braze only asks for, without naming an error.
    """

    groups: frozenset[str] | None = None
    strict: bool = True


def user_of(sent: Any) -> str | None:
    """Name whom an object is about; an external id stands for itself."""
    if not isinstance(sent, dict):
        return None
    for name in (*PRIMARY, "email", "phone"):
        value = sent.get(name)
        if value in (None, ""):
            continue
        if name == "external_id":
            return str(value)
        if name == "user_alias" and is_alias(value):
            return f"{name}:{value['alias_label']}:{value['alias_name']}"
        return f"{name}:{value}".lower() if name == "email" else f"{name}:{value}"
    return None


def refusal(array: str, sent: Any, terms: Terms) -> str | None:
    """Return why Braze refuses one object, in its words where they are known."""
    if not isinstance(sent, dict):
        return NO_IDENTIFIER
    if reason := _bad_identifier(array, sent):
        return reason
    if array == "attributes":
        return _bad_attributes(sent, terms)
    if array == "events":
        return event_rules.event_refusal(sent, strict=terms.strict)
    return event_rules.purchase_refusal(sent, strict=terms.strict)


def _bad_identifier(array: str, sent: dict[str, Any]) -> str | None:
    primary = [name for name in PRIMARY if sent.get(name) not in (None, "")]
    if len(primary) > 1:
        return TWO_IDENTIFIERS
    if array == "attributes" and sent.get("push_token_import") is True:
        anonymous = "external_id" not in primary and "braze_id" not in primary
        return (
            None if anonymous and sent.get("push_tokens") else "BAD_PUSH_TOKEN_IMPORT"
        )
    if not primary:
        return _bad_secondary(sent)
    value = sent[primary[0]]
    if primary == ["user_alias"]:
        return None if is_alias(value) else NO_IDENTIFIER
    # Numbers were accepted in recorded requests and stored as strings.
    if isinstance(value, bool) or not isinstance(value, str | int):
        return NO_IDENTIFIER
    size = len(str(value).encode("utf-8", "surrogatepass"))
    return LONG_EXTERNAL_ID if size > MAX_EXTERNAL_ID_BYTES else None


def _bad_secondary(sent: dict[str, Any]) -> str | None:
    if sent.get("email") not in (None, ""):
        return None if _is_email(sent["email"]) else BAD_EMAIL
    is_phone = isinstance(sent.get("phone"), str) and sent["phone"]
    return None if is_phone else NO_IDENTIFIER


def is_alias(value: Any) -> TypeGuard[dict[str, str]]:
    """Say whether this is a complete alias."""
    return isinstance(value, dict) and all(
        isinstance(value.get(name), str) and value[name]
        for name in ("alias_name", "alias_label")
    )


def _bad_attributes(sent: dict[str, Any], terms: Terms) -> str | None:
    if "email_subscription_info" in sent:
        return "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO"
    for name, is_good, reason in _REFUSING_FIELDS:
        value = sent.get(name)
        if value is not None and not is_good(value):
            return reason
    groups = sent.get("subscription_groups")
    return None if groups is None else _bad_groups(groups, terms)


def _is_email(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= MAX_NAME
        and value.isprintable()
        and _EMAIL.fullmatch(value) is not None
    )


def _is_state(value: Any) -> bool:
    return isinstance(value, str) and value in _STATES


def _is_location(value: Any) -> bool:
    return isinstance(value, dict) and all(
        is_number(value.get(name)) and abs(value[name]) <= most
        for name, most in (("longitude", 180), ("latitude", 90))
    )


def _bad_groups(groups: Any, terms: Terms) -> str | None:
    if not isinstance(groups, list):
        return "BAD_SUBSCRIPTION_GROUP_ARRAY"
    for group in groups:
        if not isinstance(group, dict):
            return "BAD_SUBSCRIPTION_GROUP_HASH"
        group_id = group.get("subscription_group_id")
        if not isinstance(group_id, str) or not _is_group(group_id, terms):
            return "BAD_SUBSCRIPTION_GROUP_ID"
        if group.get("subscription_state") not in GROUP_STATES:
            return "BAD_SUBSCRIPTION_GROUP_STATE"
    return None


def _is_group(group_id: str, terms: Terms) -> bool:
    return terms.groups is None or group_id in terms.groups


_REFUSING_FIELDS: Final[tuple[tuple[str, Callable[[Any], bool], str], ...]] = (
    ("email", _is_email, BAD_EMAIL),
    ("email_subscribe", _is_state, "BAD_EMAIL_SUBSCRIPTION_STATE"),
    ("push_subscribe", _is_state, "BAD_PUSH_SUBSCRIPTION_STATE"),
    ("current_location", _is_location, "BAD_LOCATION_UPDATE"),
)
