"""The limits of a contract with Braze, and where to find Braze and its key.

Limits come from `vars: runner:` in dbt_project.yml and from RUNNER_* variables;
secrets come from the environment or from files it names, and from nowhere else.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigError, nearest
from .operations import Pool


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that differ between contracts; the defaults are Braze's own.

    Sources: braze-api sheet 1.3, 1.5, 2.2 (pages read September 2026).
    """

    objects_per_request: int = 75
    """Objects in one /users/track request, all arrays together."""
    bytes_per_request: int = 4_000_000
    """Bytes in one request body; Braze refuses more than 4 MB."""
    requests_per_window: int = 3_000
    """Requests in one window; Braze's default is 3,000 in 3 seconds."""
    window_seconds: float = 3.0
    in_flight: int = 128
    """Requests on the wire at once: the limit a second times the seconds an answer
    takes; 128 saturate Braze's default limit while answers take a tenth of a second."""
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    """Seconds between two bytes of an answer."""
    total_timeout: float = 60.0
    """Seconds until the body of an answer is whole."""
    attempts: int = 5
    """Sends of one batch before it is left pending; answers of 429 do not count."""
    wait_budget: float = 900.0
    """Seconds a push waits on Braze's word before it stops and leaves the rest."""
    rejected_rows_budget: int = 1_000
    """Rejected rows of one sync after which it stops: the fault is not in the rows."""
    ack_seconds: float = 2.0
    """Seconds of acknowledgements that a crash may lose, so repeat."""
    lock_wait: float = 300.0
    """Seconds to wait for a DuckDB file that another process holds."""
    removed_rows_share: float = 0.05
    """Share of a sync's sent rows that may be removed without approval."""
    renamed_rows_share: float = 0.10
    """Share of a sync's sent rows that may vanish while as many new ones appear."""
    ids_per_request: int = 50
    """Rows in one request about catalog items, identity or deletions."""
    subscriptions_per_request: int = 25
    """Rows in one /v2/subscription/status/set request."""
    cohort_ids_per_request: int = 1_000
    """Joins and leaves in one request about a cohort."""
    bulk_objects_per_request: int = 1_000
    """Objects in one /users/track/bulk request."""
    bulk_objects_per_user: int = 100
    """Objects about one user in one /users/track/bulk request."""
    bulk_bytes_per_request: int = 2_000_000
    """Bytes in the body of one /users/track/bulk request."""
    bulk_requests_per_second: int = 50
    """Requests a second to /users/track/bulk."""
    subscription_requests_per_minute: int = 5_000
    """Requests a minute to /v2/subscription/status/set."""
    identity_requests_per_minute: int = 20_000
    """Requests a minute to alias, identify, merge and delete together."""
    rename_requests_per_minute: int = 1_000
    """Requests a minute to /users/external_ids."""
    catalog_requests_per_minute: int = 50
    """Requests a minute about catalogs, their fields and single items."""
    catalog_items_requests_per_minute: int = 16_000
    """Requests a minute that put or delete catalog items."""
    cohort_requests_per_hour: int = 250_000
    """Requests an hour about cohorts."""
    dependent_seconds: int = 300
    """Seconds between a change of identity and the next row of the same user."""
    visible_seconds: int = 300
    """Seconds to wait until new catalog fields and items can be read back."""
    movable_ink_events_per_request: int = 1
    """Events in one request to Movable Ink; more than one where they take batches."""
    movable_ink_bytes_per_request: int = 1_000_000
    """Bytes in the body of one request to Movable Ink."""
    movable_ink_requests_per_second: int = 100
    """Requests a second to Movable Ink, which publishes no limit: ask them."""
    movable_ink_in_flight: int = 16
    """Requests to Movable Ink on the wire at once."""
    unknown_answers: int = 10
    """Answers in a row that leave events in doubt, after which a push stops."""

    @property
    def one(self) -> int:
        """One row a request, where no contract changes that."""
        return 1

    @property
    def records_per_write(self) -> int:
        """Records handed to the store at a time; nobody sees a part of a push."""
        return 5_000

    @property
    def bytes_per_write(self) -> int:
        """No contract bounds a write to the store; a record's size is SQL's to say."""
        return 1 << 40

    def rate(self, pool: Pool) -> tuple[int, float]:
        """Requests and seconds of the window that a pool of requests shares."""
        return {
            "track": (self.requests_per_window, self.window_seconds),
            "bulk": (self.bulk_requests_per_second, 1.0),
            "subscriptions": (self.subscription_requests_per_minute, 60.0),
            "identity": (self.identity_requests_per_minute, 60.0),
            "renames": (self.rename_requests_per_minute, 60.0),
            "catalogs": (self.catalog_requests_per_minute, 60.0),
            "items": (self.catalog_items_requests_per_minute, 60.0),
            "cohorts": (self.cohort_requests_per_hour, 3_600.0),
            "store": (1 << 40, 1.0),
            "movable_ink": (self.movable_ink_requests_per_second, 1.0),
        }[pool]

    def lanes(self, pool: Pool) -> int:
        """Requests of a pool that may be on the wire at once."""
        return self.movable_ink_in_flight if pool == "movable_ink" else self.in_flight


MOST_ACK_SECONDS = 30
_MOST = {
    "movable_ink_events_per_request": 1_000,
    "movable_ink_bytes_per_request": 1_000_000,
}
"""What Movable Ink takes in one request, wherever they take batches."""


def load_limits(variables: Mapping[str, Any], environ: Mapping[str, str]) -> Limits:
    """Merge defaults, `vars: runner:` and RUNNER_* variables; refuse the unknown."""
    fields = {field.name: field for field in dataclasses.fields(Limits)}
    values: dict[str, Any] = {}
    for name, value in variables.items():
        if name not in fields:
            msg = (
                f"dbt_project.yml: vars.runner: unknown key '{name}'."
                f"{nearest(str(name), fields)} Known keys: {', '.join(fields)}."
            )
            raise ConfigError(msg)
        values[name] = _number(f"dbt_project.yml: vars.runner.{name}", name, value)
    variables_known = [f"RUNNER_{name.upper()}" for name in fields]
    for found in environ:
        # Others use RUNNER_ too (GitHub's RUNNER_TEMP), so only near misses are errors.
        close = difflib.get_close_matches(found, variables_known, n=1, cutoff=0.85)
        if close and found not in variables_known:
            msg = f"{found}: unknown variable. Did you mean '{close[0]}'?"
            raise ConfigError(msg)
    for name in fields:
        variable = f"RUNNER_{name.upper()}"
        if environ.get(variable):
            values[name] = _number(variable, name, environ[variable])
    limits = Limits(**values)
    if limits.ack_seconds > MOST_ACK_SECONDS:
        msg = (
            f"ack_seconds: {limits.ack_seconds:g} is too long: a crash would repeat as "
            f"much. At most {MOST_ACK_SECONDS}."
        )
        raise ConfigError(msg)
    for name, most in _MOST.items():
        if getattr(limits, name) > most:
            msg = f"{name}: Movable Ink takes {most:,} at most."
            raise ConfigError(msg)
    return limits


def _number(where: str, name: str, value: object) -> int | float:
    kind = type(getattr(Limits(), name))
    try:
        number = kind(str(value))
    except ValueError:
        number = None
    if number is None or not 0 < number < float("inf"):
        what = "a whole number" if kind is int else "a number"
        msg = f"{where}: '{value}' is not {what} above 0."
        raise ConfigError(msg)
    return int(number) if kind is int else float(number)


def is_for_us_alone(name: str) -> bool:
    """Whether no process that we start may see a variable: dbt needs the salt."""
    return name.startswith(("BRAZE_", "MOVABLE_INK_")) and name != "MOVABLE_INK_SALT"


def read_setting(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return NAME, or the content of the file NAME_FILE; empty when neither is set.

    Raises ConfigError when the file cannot be read.
    """
    value = environ.get(name, "")
    path = environ.get(f"{name}_FILE")
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            msg = f"{name}_FILE: {path}: cannot be read: {reason}."
            raise ConfigError(msg) from None
    return value.strip()


def read_secret(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the secret NAME, or the content of the file NAME_FILE.

    Raises ConfigError when neither is set; the value never appears in a message.
    """
    value = read_setting(name, environ)
    if not value:
        msg = f"{name} is not set. Set it, or {name}_FILE to a file that holds it."
        raise ConfigError(msg)
    if not value.isascii() or not value.isprintable() or " " in value:
        msg = (
            f"{name} holds a character that no key has: a space, a quote or a line end."
        )
        raise ConfigError(msg)
    if value[0] in "'\"" or value[-1] in "'\"":
        msg = f"{name} is in quotes; Braze answers 401 to those. Remove them."
        raise ConfigError(msg)
    return value
