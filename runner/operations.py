"""What an object is: the requests that carry its rows, and its options.

Shapes and nothing else; objects.py has the table of what there is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote

Pool = Literal[
    "track",
    "bulk",
    "subscriptions",
    "identity",
    "renames",
    "catalogs",
    "items",
    "cohorts",
    "store",
    "movable_ink",
]
"""The requests that share one rate limit; our own store has none."""

Naming = Literal["index", "item", "renamed", "removed", "nothing"]
"""How an answer names the rows it refuses; one that names nothing is about all."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens a destination: a key, and for Braze's cohorts what a partner has."""

    key: str = field(default="", repr=False)
    path: str = field(default="", repr=False)
    """Where Movable Ink takes events: whose account it is, and so a secret, too."""
    partner: str = ""
    partner_key: str = field(default="", repr=False)
    import_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request without its rows: they stand between `opening` and `closing`."""

    method: str
    path: str
    opening: str = field(repr=False)
    closing: str
    merges: bool = False
    """The one row is not in an array: its members stand beside those of `opening`."""
    is_bare: bool = False
    """Nothing stands around the rows; one alone is not in an array either."""

    def body(self, payloads: tuple[str, ...]) -> bytes:
        """The request body, one object a line."""
        if self.is_bare and len(payloads) == 1:
            return payloads[0].encode()
        if self.merges:
            return (self.opening + payloads[0].lstrip()[1:]).encode()
        return (self.opening + ",\n".join(payloads) + self.closing).encode()


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of request: the rows of one operation settle before the next begins."""

    name: str
    path: str
    array: str
    """The member of the body that holds the rows."""
    permission: str = "users.track"
    pool: Pool = "track"
    most: str = "objects_per_request"
    """The limit, by its name in Limits, of rows in one request."""
    bytes: str = "bytes_per_request"
    most_of_a_user: str = ""
    """The limit of one user's rows in one request, if there is one."""
    method: str = "POST"
    naming: Naming = "index"
    wraps: bool = True
    """Whether rows stand in an array; else a request is about one row."""
    is_serial: bool = False
    """Requests of one scope follow one another: Braze locks it while it writes."""
    is_definition: bool = False
    """What comes after in its scope needs it: a catalog before its items."""
    is_partner: bool = False
    """The body holds a partner's credentials, and there is no key in the header."""
    is_bare: bool = False
    """The body is the rows, and nothing around them: rows of many scopes share it."""
    scheme: str = "Bearer"
    """What stands before the key in the header."""
    receiver: str = "Braze"
    """Who answers, in what a person is told."""

    def call(self, scope: str, credentials: Credentials) -> Call:
        """The request for the rows of one scope."""
        if self.is_bare:
            return Call(self.method, credentials.path, "[\n", "\n]", is_bare=True)
        members = []
        if self.is_partner:
            members += [
                f'"partner_api_key":{json.dumps(credentials.partner_key)}',
                f'"client_secret":{json.dumps(credentials.import_key)}',
            ]
            if self.wraps:
                members.append(f'"cohort_id":{json.dumps(scope)}')
        if self.wraps:
            members.append(f'"{self.array}":[\n')
        opening = "{" + ",".join(members) + ("" if self.wraps else ",")
        path = self.path.format(
            scope=quote(scope, safe=""), partner=quote(credentials.partner, safe="")
        )
        return Call(self.method, path, opening, "\n]}", merges=not self.wraps)


@dataclass(frozen=True, slots=True)
class Object:
    """What can be sent to a destination under one name in `meta.sync`."""

    operations: tuple[Operation, ...]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Option -> its values; the first is the default."""
    is_identity: bool = False
    """It changes who is who: Braze asks for five minutes before dependent calls."""
    needs_users: bool = False
    """Braze drops a row about a user it does not have, without a word."""
    is_irreversible: bool = False
    """Every plan with a row of it needs approval."""


def operations_of(kind: Object, options: Mapping[str, str]) -> tuple[Operation, ...]:
    """The operations of a sync; `endpoint: bulk` takes another way (sheet 2.11)."""
    if options.get("endpoint") != "bulk":
        return kind.operations
    return tuple(
        replace(
            operation,
            path="/users/track/bulk",
            permission="users.track.bulk",
            pool="bulk",
            most="bulk_objects_per_request",
            bytes="bulk_bytes_per_request",
            most_of_a_user="bulk_objects_per_user",
        )
        for operation in kind.operations
    )


def is_once(object_name: str, options: Mapping[str, str]) -> bool:
    """Whether a repeat would do harm: then a row is claimed before it leaves."""
    if object_name in {"events", "purchases"}:
        return options.get("delivery") != "at_least_once"
    return options.get("mode") == "increment"
