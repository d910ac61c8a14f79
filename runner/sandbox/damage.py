"""Turns a kind of fault into what the caller sees.

Must not choose the fault, nor apply a request: `faults` and `endpoints` do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from .answers import BROKEN, TOO_LARGE, in_html, in_json
from .wire import Answer

REDIRECTED: Final = "/sandbox/redirected"
_SUCCESS: Final = range(200, 300)


def refusing(kind: str) -> Answer:
    """Build the answer of a fault that applies nothing, but for a 429."""
    match kind:
        case "500":
            return BROKEN
        case "503_html":
            return in_html(503, b"Service Unavailable")
        case "html_200":
            return in_html(200, b"Welcome")
        case "redirect":
            return Answer(307, headers={"location": REDIRECTED})
        case "423":
            return LOCKED
    return TOO_LARGE


def damaged(answer: Answer, kind: str | None, *, delay: float) -> Answer:
    """Damage the answer to a request that was applied."""
    changes: dict[str, Any] = {}
    is_success = answer.status in _SUCCESS
    match kind:
        case "lost_answer":
            changes = {"delivery": "none"}
        case "truncated_json":
            changes = {"delivery": "cut"}
        case "slow":
            changes = {"delay": delay}
        case "500_applied" if is_success:
            changes = {"status": 500, "body": BROKEN.body}
        case "no_message" if is_success:
            changes = {"body": b"{}"}
        case "202_queued" if is_success:
            changes = {"status": 202, "body": b'{"message":"queued"}'}
    return replace(answer, **changes)


LOCKED: Final = in_json(423, {"message": "Locked"})
