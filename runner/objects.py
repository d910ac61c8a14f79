"""What can be sent, by destination: its objects and the requests that carry each.

A table and nothing else. SQL names an operation in the pending rows; this says which
request that is. Paths, caps and permissions: braze-api sheet 1.2, 1.3, 2 to 5.
"""

from __future__ import annotations

from functools import partial

from .operations import Object, Operation

_EVENTS = {
    "missing_user": ("create", "skip"),
    "first_run": ("adopt", "send"),
    "delivery": ("at_most_once", "at_least_once"),
    "endpoint": ("track", "bulk"),
}


_of_fifty = partial(Operation, pool="identity", most="ids_per_request")
_of_store = partial(
    Operation,
    path="",
    array="",
    permission="",
    pool="store",
    most="records_per_write",
    bytes="bytes_per_write",
)


_of_movable_ink = partial(
    Operation,
    path="",
    array="",
    permission="",
    pool="movable_ink",
    most="movable_ink_events_per_request",
    bytes="movable_ink_bytes_per_request",
    naming="nothing",
    is_bare=True,
    scheme="Basic",
    receiver="Movable Ink",
)


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
    "personalization": {
        # All of a push becomes visible at once: publishing.py makes one step of them.
        "collection": Object(
            (
                _of_store("collection", most="one", is_definition=True),
                _of_store("records_delete"),
                _of_store("tombstones"),
                _of_store("records"),
            ),
        ),
    },
    # The last: where it is down, nobody else waits for it.
    "movable_ink": {
        "events": Object(
            (
                _of_movable_ink("identify", is_definition=True),
                _of_movable_ink("events"),
            ),
            {
                "users": ("known", "all"),
                "first_run": ("adopt", "send"),
                "delivery": ("at_most_once", "at_least_once"),
            },
        ),
    },
}
