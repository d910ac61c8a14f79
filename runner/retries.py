"""How often and how long to try again, and in which words to give up. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import (
    AuthError,
    ConfigError,
    DeliveryError,
    PermissionMissing,
    RunnerError,
)
from .ledger import Ack
from .outcome import Kind, Outcome

_BACKOFF_BASE = 0.5
_BACKOFF_CAP = 20.0

# The retry quota of the AWS SDKs: retries must not make an outage worse.
_QUOTA = 500
_RETRY_COST = 5
_SUCCESS_GAIN = 1


@dataclass(slots=True)
class Tally:
    """Rows and requests so far, for progress and for stopping in time."""

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    requests: int = 0
    quota: int = _QUOTA
    doubts: int = 0
    """Answers in a row that left rows in doubt."""

    def count(self, acks: Sequence[Ack], *, accepted: int) -> None:
        """Add what an answer settled."""
        self.accepted += accepted
        self.rejected += sum(1 for ack in acks if ack.verdict == "rejected")
        self.unknown += sum(
            ack.last_seq - ack.first_seq + 1 for ack in acks if ack.verdict == "unknown"
        )
        if accepted:
            self.quota = min(_QUOTA, self.quota + _SUCCESS_GAIN)
            self.doubts = 0

    def may_retry(self) -> bool:
        """Take a retry from the quota, if there is one left."""
        self.quota -= _RETRY_COST
        return self.quota > 0


def backoff(attempt: int) -> float:
    """Full jitter: a random time below an exponential ceiling."""
    ceiling = min(_BACKOFF_CAP, _BACKOFF_BASE * 2 ** (attempt - 1))
    return random.uniform(0, ceiling)  # noqa: S311 - not a secret


def stopping_error(outcome: Outcome) -> RunnerError:
    """The error that ends a delivery after an answer that no retry can better."""
    if outcome.remedy:
        kind = AuthError if outcome.kind is Kind.AUTH else ConfigError
        return kind(f"{outcome.reason}. {outcome.remedy}; nothing more was sent.")
    if outcome.kind is Kind.MISSING:
        return DeliveryError(
            f"{outcome.reason}. If it was deleted in Braze, make it anew: "
            "runner push --full-resync -s SYNC"
        )
    if outcome.kind is Kind.AUTH and outcome.reason.startswith("403"):
        return PermissionMissing(f"{outcome.reason}; nothing more of it was sent.")
    if outcome.kind is Kind.AUTH:
        return AuthError(
            f"{outcome.reason}. Check BRAZE_API_KEY and BRAZE_REST_ENDPOINT; "
            "nothing more was sent."
        )
    return ConfigError(
        f"{outcome.reason}. Check BRAZE_REST_ENDPOINT; nothing more was sent."
    )


def too_long(waited: float, receiver: str = "Braze") -> DeliveryError:
    """The receiver asked for more patience than a push has."""
    return DeliveryError(
        f"{receiver} told us to wait {waited:.0f} s in all, beyond wait_budget. "
        "The rest is still pending; run push again later."
    )


def unavailable(reason: str, receiver: str = "Braze") -> DeliveryError:
    """Too many requests in a row came to nothing."""
    return DeliveryError(
        f"{receiver} cannot be reached, last: {reason}. "
        "The rest is still pending; run push again later."
    )
