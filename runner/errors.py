"""Every error the runner raises on purpose, named by what the caller should do.

RunnerError
├── ConfigError      change something, then run again        exit 2
│   └── BrokenSync       one sync's view cannot be read
│       └── Adrift           its store holds something else than the ledger, exit 3
├── GuardError       look at the plan, approve it or mend it  exit 3
├── LeaseError       another run is at work: wait             exit 5
├── AuthError        the key or the endpoint is wrong         exit 7
│   └── PermissionMissing  the key lacks one permission
└── DeliveryError    run again, nothing is lost               exit 1
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RunnerError(Exception):
    """One sentence of what, where and what to do; `exit_code` is the process's."""

    exit_code = 1


class ConfigError(RunnerError):
    """The user must change a file, a variable or an option."""

    exit_code = 2


class BrokenSync(ConfigError):
    """One sync's view cannot be read; the others can be planned without it."""

    def __init__(self, sync: str, text: str) -> None:
        super().__init__(text)
        self.sync = sync


class Adrift(BrokenSync):
    """What the store holds of a collection is not what the ledger goes on from."""

    exit_code = 3


class GuardError(RunnerError):
    """The plan was refused before anything was sent."""

    exit_code = 3


class LeaseError(RunnerError):
    """Another run holds the lease, or took it over."""

    exit_code = 5


class AuthError(RunnerError):
    """Braze refused the key (401) or what the key asks for (403)."""

    exit_code = 7


class PermissionMissing(AuthError):
    """The key lacks a permission; the objects that need another one go on."""


class DeliveryError(RunnerError):
    """The destination or the warehouse could not be reached; safe to run again."""

    exit_code = 1


REJECTED_EXIT_CODE = 4
"""Rows were rejected or are unknown; the rest was delivered."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
