"""What Braze takes: its objects, the requests that carry each, and their options.

A table and nothing else. SQL names an operation in the pending rows; this says which
request that is. Paths, caps and permissions: braze-api sheet 1.2, 1.3, 2 to 5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
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
]
"""The requests that share one rate limit of Braze's."""

Naming = Literal["index", "item", "renamed", "removed"]
"""How an answer names the rows it refuses."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens Braze: a REST key, and for cohorts what a partner has."""

    key: str = field(default="", repr=False)
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

    def body(self, payloads: tuple[str, ...]) -> bytes:
        """The request body, one object a line."""
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
    """What comes after needs it: a catalog before its items."""
    is_partner: bool = False
    """The body holds a partner's credentials, and there is no key in the header."""

    def call(self, scope: str, credentials: Credentials) -> Call:
        """The request for the rows of one scope."""
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
    """What can be sent to Braze under one name in `meta.sync`."""

    operations: tuple[Operation, ...]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Option -> its values; the first is the default."""
    is_identity: bool = False
    """It changes who is who: Braze asks for five minutes before dependent calls."""
    needs_users: bool = False
    """Braze drops a row about a user it does not have, without a word."""
    is_irreversible: bool = False
    """Every plan with a row of it needs approval."""


_EVENTS = {
    "missing_user": ("create", "skip"),
    "first_run": ("adopt", "send"),
    "delivery": ("at_most_once", "at_least_once"),
    "endpoint": ("track", "bulk"),
}


_of_fifty = partial(Operation, pool="identity", most="ids_per_request")


def _track(array: str, name: str = "") -> Operation:
    return Operation(name or array, "/users/track", array)


OBJECTS: dict[str, dict[str, Object]] = {
    # In the order of a push: who is who first, what happened last.
    "braze": {
        "deletions": Object(
            tuple(
                _of_fifty(name, "/users/delete", name, permission="users.delete")
                for name in (
                    "external_ids",
                    "user_aliases",
                    "braze_ids",
                    "email_addresses",
                    "phone_numbers",
                )
            ),
            is_identity=True,
            is_irreversible=True,
        ),
        "external_id_renames": Object(
            (
                _of_fifty(
                    "rename",
                    "/users/external_ids/rename",
                    "external_id_renames",
                    permission="users.external_ids.rename",
                    pool="renames",
                    naming="renamed",
                ),
                _of_fifty(
                    "remove",
                    "/users/external_ids/remove",
                    "external_ids",
                    permission="users.external_ids.remove",
                    pool="renames",
                    naming="removed",
                ),
            ),
            is_identity=True,
        ),
        "merges": Object(
            (
                _of_fifty(
                    "merge_updates",
                    "/users/merge",
                    "merge_updates",
                    permission="users.merge",
                ),
            ),
            is_identity=True,
            needs_users=True,
            is_irreversible=True,
        ),
        "aliases": Object(
            (
                _of_fifty(
                    "alias_new",
                    "/users/alias/new",
                    "user_aliases",
                    permission="users.alias.new",
                ),
                _of_fifty(
                    "alias_update",
                    "/users/alias/update",
                    "alias_updates",
                    permission="users.alias.update",
                ),
            ),
            is_identity=True,
            needs_users=True,
        ),
        "identifications": Object(
            tuple(
                _of_fifty(name, "/users/identify", name, permission="users.identify")
                for name in (
                    "aliases_to_identify",
                    "emails_to_identify",
                    "phone_numbers_to_identify",
                )
            ),
            is_identity=True,
        ),
        "attributes": Object(
            (_track("attributes"),),
            {"mode": ("upsert", "update", "increment"), "endpoint": ("track", "bulk")},
        ),
        "subscriptions": Object(
            (
                Operation(
                    "subscription_groups",
                    "/v2/subscription/status/set",
                    "subscription_groups",
                    permission="subscription.status.set",
                    pool="subscriptions",
                    most="subscriptions_per_request",
                ),
                _track("attributes", "global_states"),
            ),
            {"first_run": ("adopt", "send")},
            needs_users=True,
        ),
        "cohort": Object(
            (
                Operation(
                    "cohort",
                    "/partners/{partner}/cohorts",
                    "",
                    permission="to import cohorts",
                    pool="cohorts",
                    most="one",
                    wraps=False,
                    is_definition=True,
                    is_partner=True,
                ),
                Operation(
                    "members",
                    "/partners/{partner}/cohorts/users",
                    "cohort_changes",
                    permission="to import cohorts",
                    pool="cohorts",
                    most="cohort_ids_per_request",
                    is_serial=True,
                    is_partner=True,
                ),
            ),
            needs_users=True,
        ),
        "catalog": Object(
            (
                Operation(
                    "catalog",
                    "/catalogs",
                    "catalogs",
                    permission="catalogs.get, .create and .create_fields",
                    pool="catalogs",
                    most="one",
                    naming="item",
                    is_definition=True,
                ),
                Operation(
                    "items_delete",
                    "/catalogs/{scope}/items",
                    "items",
                    permission="catalogs.delete_items",
                    pool="items",
                    most="ids_per_request",
                    method="DELETE",
                    naming="item",
                ),
                Operation(
                    "items",
                    "/catalogs/{scope}/items",
                    "items",
                    permission="catalogs.replace_items and catalogs.get_item",
                    pool="items",
                    most="ids_per_request",
                    method="PUT",
                    naming="item",
                ),
            ),
        ),
        "events": Object((_track("events"),), _EVENTS),
        "purchases": Object((_track("purchases"),), _EVENTS),
    },
}


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
