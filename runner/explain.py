"""Why something was or was not sent, in one sentence a sync. Pure: facts in, text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .sought import Key
from .trace import Facts


def verdict(key: Key, facts: Facts) -> str:
    """One sentence: where the key stands, what was sent, and what comes next."""
    if facts.suppressed_at and facts.sync.object != "deletions":
        return (
            f"{key.shown} is suppressed since {_time(facts.suppressed_at)}: "
            "nothing is sent for this person again."
        )
    clauses = [_where(facts), *_sent(facts)]
    return f"{key.shown} {', '.join(clauses)}{_next(facts)}."


def _where(facts: Facts) -> str:
    marts = " or ".join(facts.marts) or facts.sync.pending.name
    if not facts.mart.count:
        return f"is not in the mart {marts}"
    if facts.mart.count == 1:
        return f"is in the mart {marts}"
    return f"has {facts.mart.count:,} rows in the mart {marts}"


def _sent(facts: Facts) -> Iterator[str]:
    if not facts.sent.count:
        return
    last = facts.sent.first
    what = (
        "was sent" if facts.sent.count == 1 else f"{facts.sent.count:,} rows were sent"
    )
    the_last = "" if facts.sent.count == 1 else ", the last"
    if last["sent_at"] is None:
        yield f"was adopted as history by run {last['run_id']} and never sent"
        return
    yield f"{what}{the_last} {_time(last['sent_at'])} by run {last['run_id']}"


def _next(facts: Facts) -> str:
    """What the next push does about it, and what somebody can."""
    ahead = [
        *_pending(facts),
        *_rejected(facts),
        *_unknown(facts),
    ]
    if ahead:
        return f"; {'; '.join(ahead)}"
    if not facts.mart.count and not facts.sent.count:
        return ": look at what it is built from"
    if not facts.mart.count:
        return ": it has left the mart, for which nothing is sent"
    if facts.sent.count:
        return ", nothing differs: nothing to send"
    return f", was never sent, and is not pending: look at {facts.sync.pending.name}"


def _pending(facts: Facts) -> Iterator[str]:
    if not facts.pending.count:
        return
    what = (
        "is pending"
        if facts.pending.count == 1
        else (f"{facts.pending.count:,} rows are pending")
    )
    first = facts.pending.first
    problem = first["problem"]
    if (first["key_count"] or 1) > 1:
        problem = f"the key stands in {first['key_count']} rows of the mart"
    if problem:
        yield f"{what} and cannot be sent: {problem}"
    elif first["waits"]:
        yield f"{what} and waits: {first['waits']}"
    elif facts.held:
        yield f"{what}, and the sync is held back: {facts.held[0]}"
    else:
        yield f"{what} ({first['change']}): the next push sends it"


def _rejected(facts: Facts) -> Iterator[str]:
    if not facts.rejected.count:
        return
    last = facts.rejected.first
    times = "once" if last["attempts"] == 1 else f"{last['attempts']} times"
    text = f"rejected {times}, the last {_time(last['rejected_at'])}: {last['reason']}"
    if not facts.pending.count:
        text += (
            " (not offered again before it changes in the mart, or before: "
            f"runner rejected -s {facts.sync.name} --retry)"
        )
    yield text


def _unknown(facts: Facts) -> Iterator[str]:
    if not facts.unknown.count:
        return
    last = facts.unknown.first
    yield (
        f"it is unknown whether what run {last['run_id']} sent has arrived, and it is "
        "not sent again before that is settled: runner unknown"
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}"
