"""What a load came to, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .gaps import Gap
from .load import Loaded

HOUR = "%Y-%m-%d %H:00"

_SHOWN = 10
"""Files or gaps that are named before the rest is only counted."""


def as_json(result: Loaded, missing: Sequence[Gap]) -> dict[str, Any]:
    """The load as one JSON object."""
    return {
        "files": result.files,
        "known_files": result.known,
        "events": result.events,
        "new_events": result.new_events,
        "quarantined": _with_reasons(result.quarantined),
        "unreadable": _with_reasons(result.unreadable),
        "partial": _with_reasons(result.partial),
        "set_aside": [
            {"path": path, "events": count} for path, count in result.set_aside
        ],
        "outside_layout": result.others,
        "links": result.links,
        "future_events": result.future,
        "unknown_types": result.unknown_types,
        "gaps": [gap_json(gap) for gap in missing],
        "seconds": round(result.seconds, 3),
    }


def as_text(result: Loaded, missing: Sequence[Gap], schema: str) -> str:
    """The load for a person: what came in, then whatever is to be looked at."""
    lines = [
        f"{_counted(result.files, 'file')} loaded into {schema}: "
        f"{_counted(result.events, 'event')}, {result.new_events:,} of them new. "
        f"Known before: {_counted(result.known, 'file')}."
    ]
    lines += some(
        [f"Quarantined: {path}: {reason}." for path, reason in result.quarantined]
    )
    lines += some(
        [f"Cannot be read: {path}: {reason}." for path, reason in result.unreadable]
    )
    lines += some(
        [
            f"Left for the next load: {path}: {reason}."
            for path, reason in result.partial
        ]
    )
    lines += some(
        [
            f"Set aside: {_counted(count, 'event')} without an id in {path}."
            for path, count in result.set_aside
        ]
    )
    lines += some(
        [f"Outside the layout and left alone: {path}" for path in result.others]
    )
    lines += some([f"A link, which is not followed: {path}" for path in result.links])
    if result.future:
        lines.append(_future(result.future))
    lines += [
        f"{kind}: Braze does not document this event type; loaded as it is."
        for kind in result.unknown_types
    ]
    return "\n".join(lines + some([gap_text(gap) for gap in missing]))


def some(lines: list[str]) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - _SHOWN
    return lines if more <= 0 else [*lines[:_SHOWN], f"... and {more:,} more."]


def gap_text(gap: Gap) -> str:
    """A gap in a sentence."""
    span = f"{gap.first:{HOUR}}"
    if gap.hours > 1:
        span += f" to {gap.last:{HOUR}}"
    of = f" of {gap.event_type}" if gap.event_type else ""
    return f"No file{of} in {_counted(gap.hours, 'hour')}: {span} UTC."


def gap_json(gap: Gap) -> dict[str, Any]:
    """A gap as JSON."""
    return {
        "event_type": gap.event_type,
        "first_hour": f"{gap.first:{HOUR}}",
        "last_hour": f"{gap.last:{HOUR}}",
        "hours": gap.hours,
    }


def _future(future: dict[str, int]) -> str:
    most = sorted(future, key=lambda kind: (-future[kind], kind))
    named = ", ".join(most[:3]) + (f" and {len(most) - 3} more" if most[3:] else "")
    counted = _counted(sum(future.values()), "new event")
    return f"{counted} dated in the future, which staging sets aside: {named}."


def _with_reasons(files: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"path": path, "reason": reason} for path, reason in files]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
