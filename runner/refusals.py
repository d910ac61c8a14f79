"""Which rows an answer refuses, and why: every endpoint has its own way to say it.

Pure. An answer that blames a row that was not sent is not understood at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .operations import Naming


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request held, as far as its answer is about it."""

    payloads: Sequence[str]
    array: str = "attributes"
    naming: Naming = "index"
    permission: str = "users.track"
    is_partner: bool = False
    once: bool = False
    """Whether a repeat would do harm."""


def refused_rows(answer: dict[str, Any], sent: Sent) -> dict[int, str] | None:
    """Map what is refused to positions; None when a row of ours cannot be named."""
    match sent.naming:
        case "renamed":
            return _not_listed(
                answer, sent, listed="external_ids", errors="rename_errors"
            )
        case "removed":
            return _not_listed(
                answer, sent, listed="removed_ids", errors="removal_errors"
            )
    errors = answer.get("errors")
    if not errors:
        return {}
    refused: dict[int, str] = {}
    for entry in errors if isinstance(errors, list) else [errors]:
        if not isinstance(entry, dict):
            return None
        named = _items(entry, sent) if sent.naming == "item" else _index(entry, sent)
        if not named:
            return None
        reason = text_of(entry.get("message")) or text_of(entry.get("id"))
        reason = text_of(entry.get("type")) or reason or "refused without a reason"
        refused |= dict.fromkeys(named, reason)
    return refused


def _index(entry: dict[str, Any], sent: Sent) -> list[int]:
    """The position that an entry of errors[] gives, if it is one of this request."""
    index = entry.get("index")
    if not isinstance(index, int) or isinstance(index, bool):
        return []
    # A tuple: what arrives here need not be hashable.
    if entry.get("input_array") not in (None, sent.array):
        return []
    return [index] if 0 <= index < len(sent.payloads) else []


def _items(entry: dict[str, Any], sent: Sent) -> list[int]:
    """The positions of the catalog items that an error names by their ids."""
    values = entry.get("parameter_values")
    named = (
        [value for value in values if isinstance(value, str)]
        if isinstance(values, list)
        else []
    )
    ids = [_member(payload, "id") for payload in sent.payloads]
    return [at for at, item in enumerate(ids) if item in named]


def _not_listed(
    answer: dict[str, Any], sent: Sent, *, listed: str, errors: str
) -> dict[int, str]:
    """Renames say which were done; how they name the others is not published."""
    done = [
        one.get("current_external_id") if isinstance(one, dict) else one
        for one in answer.get(listed) or []
    ]
    reasons = answer.get(errors) or []
    reason = text_of(reasons[0]) if isinstance(reasons, list) and reasons else ""
    ids = [_member(payload, "current_external_id") for payload in sent.payloads]
    return {
        at: reason or "Braze does not list it as done"
        for at, external_id in enumerate(ids)
        if external_id not in done
    }


def _member(payload: str, name: str) -> Any:
    """A member of a payload; the payload itself where it is a bare text."""
    content = json.loads(payload)
    return content.get(name) if isinstance(content, dict) else content


def first_error(answer: dict[str, Any]) -> str:
    errors = answer.get("errors")
    if isinstance(errors, list) and errors:
        first = errors[0]
        if isinstance(first, dict):
            first = first.get("type") or first.get("message") or first.get("id")
        return text_of(first) or message_of(answer)
    return message_of(answer)


def names_error(answer: dict[str, Any], code: str) -> bool:
    """Whether errors[] has this code; Braze spells codes with - or with _."""
    errors = answer.get("errors")
    return isinstance(errors, list) and any(
        isinstance(entry, dict) and str(entry.get("id")).replace("_", "-") == code
        for entry in errors
    )


def is_page(body: bytes) -> bool:
    """Whether somebody between us and Braze has answered with a web page."""
    return body.lstrip()[:1] == b"<"


def parsed(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def message_of(answer: dict[str, Any] | None) -> str:
    return text_of((answer or {}).get("message")) or "no message"


def text_of(value: object) -> str:
    """Braze's own words, shortened and on one line."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return " ".join(text.split())[:200]
