"""Whether the store holds what can be served, and whether that is fresh enough.

Must not name a collection: anyone may ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ..store.definition import Held


def not_ready(
    held: Mapping[str, Held], max_age: timedelta | None, now: datetime
) -> str | None:
    """Return why the data is not fit to be served, in one sentence, or None."""
    if not held:
        return "The store holds no collection; run `runner push`."
    if max_age is None:
        return None
    old = [each for each in held.values() if now - each.version.built_at > max_age]
    if not old:
        return None
    hours = max_age.total_seconds() / 3600
    return (
        f"{len(old)} of {len(held)} collections were built more than {hours:g} hours "
        "ago; build and push."
    )
