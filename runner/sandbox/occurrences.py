"""Records events and purchases: on the profile, and in the order they were applied.

Must not look profiles up, nor judge an object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import ecommerce
from .dates import as_utc
from .profiles import Profile


@dataclass(slots=True)
class Log:
    """Every event and purchase, with the key its profile had."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    purchases: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def record(
    log: Log, profile: Profile, sent: dict[str, Any], *, is_event: bool, now: datetime
) -> int:
    """Add one occurrence, and return its data points."""
    if as_utc(sent["time"], otherwise=now) > now:
        # Contract sheet 2.6: what has not happened yet happens now.
        sent = {**sent, "time": now.isoformat(timespec="milliseconds")}
    if is_event:
        profile.events = profile.events or []
        profile.events.append(sent)
        log.events.append((profile.key, sent))
        # Contract sheet 2.9: the recommended eCommerce events are not billed.
        return 0 if sent["name"].startswith(ecommerce.PREFIX) else 1
    profile.purchases = profile.purchases or []
    profile.purchases.append(sent)
    log.purchases.append((profile.key, sent))
    return 1
