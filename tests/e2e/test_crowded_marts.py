"""Every object, about every kind of user, from a mart that has more than it needs.

The mart's ids are numbers, and it has a column of each name that the delta uses itself.
"""

from __future__ import annotations

import pytest

from tests.conftest import REPOSITORY, Shop, build_models

MART = REPOSITORY / "tests" / "object_options" / "crowded" / "crowd.sql"

# One of the two people of the mart, by every identifier.
ONE_PERSON = (
    "external_id:1",
    "braze_id:11",
    "email:p1@example.com",
    "phone:491",
    "user_alias:card:71",
)
USERS: dict[str, tuple[str, ...]] = {
    key.split(":")[0]: (key.split(":")[0],) for key in ONE_PERSON
}
USERS["user_alias"] = ("alias_name", "alias_label")
GROUPS = (
    "\"(select 'dev' as environment, 'news' as group_name, "
    "'g1' as subscription_group_id)\""
)

# Sync -> its macro and the rest of its meta.sync. `by_...` is the mart with the columns
# of that kind of user alone, and of its customer.
SYNCS = {
    f"{name}_by_{user}": (macro.format(user=user), meta)
    for name, macro, users, meta in (
        (
            "events",
            "pending_events(ref('crowd'), user='{user}')",
            USERS,
            "object: events, first_run: send",
        ),
        (
            "purchases",
            "pending_purchases(ref('crowd'), user='{user}')",
            USERS,
            "object: purchases, first_run: send",
        ),
        (
            "increments",
            "pending_increments(ref('crowd'), user='{user}')",
            USERS,
            "object: attributes, mode: increment",
        ),
        (
            "deletions",
            "pending_deletions(ref('crowd'), user='{user}')",
            USERS,
            "object: deletions",
        ),
        (
            "attributes",
            "pending_rows(ref('by_{user}'), key='{user}')",
            ["braze_id", "email", "phone"],
            "object: attributes",
        ),
        (
            "members",
            "pending_cohort_members(ref('crowd'), user='{user}')",
            ["external_id", "user_alias"],
            "object: cohort",
        ),
        (
            "states",
            "pending_subscription_states("
            f"ref('crowd'), user='{{user}}', groups={GROUPS})",
            ["external_id", "email", "phone"],
            "object: subscriptions",
        ),
        (
            "identified",
            "pending_identifications(ref('with_{user}'))",
            ["email", "phone", "user_alias"],
            "object: identifications",
        ),
    )
    for user in users
} | {
    "attributes": ("pending_rows(ref('by_external_id'))", "object: attributes"),
    "attributes_by_alias": (
        "pending_rows(ref('by_user_alias'), key=['alias_name', 'alias_label'])",
        "object: attributes",
    ),
    "names": ("pending_aliases(ref('crowd'))", "object: aliases"),
    "merged": ("pending_merges(ref('crowd'))", "object: merges"),
    "renamed": (
        "pending_external_id_renames(ref('crowd'))",
        "object: external_id_renames",
    ),
}


def models() -> dict[str, str]:
    """Path -> text of the marts of one kind of user, and of every sync."""
    files = {}
    identifiers = {column for columns in USERS.values() for column in columns}
    for user, columns in USERS.items():
        files[f"by_{user}.sql"] = (
            f"select {', '.join(columns)}, name from {{{{ ref('crowd') }}}}"
        )
        others = identifiers - {*columns, "external_id"}
        files[f"with_{user}.sql"] = (
            f"select * exclude ({', '.join(sorted(others))}) "
            "from {{ ref('crowd') }}"
        )
    described = "models:\n"
    for sync, (macro, meta) in SYNCS.items():
        files[f"{sync}__pending.sql"] = f"{{{{ braze_bridge.{macro} }}}}"
        described += (
            f"  - name: {sync}__pending\n"
            f"    config: {{meta: {{sync: {{destination: braze, {meta}}}}}}}\n"
        )
    return files | {"syncs.yml": described, "crowd.sql": MART.read_text("utf-8")}


@pytest.fixture(scope="module")
def built(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with the mart and its syncs, built once."""
    directory = tmp_path_factory.mktemp("crowded_marts")
    build_models(built_shop, directory, models())
    return Shop(directory)


def people(shop: Shop, sync: str) -> list[str]:
    """Each pending row about a person as text; the row of a cohort is about none."""
    rows = shop.sql(f"""
        select * from main.{sync}__pending where row_key <> '["vip"]' order by row_key
    """)
    return [str(row) for row in rows]


@pytest.mark.parametrize("sync", SYNCS)
def test_what_else_a_mart_has_touches_no_row(built: Shop, sync: str) -> None:
    rows = people(built, sync)

    assert len(rows) == 2
    assert "ours" not in str(rows)
    assert built.sql(f"select distinct problem from main.{sync}__pending") == [(None,)]


@pytest.mark.parametrize("sync", [sync for sync in SYNCS if "deletions" not in sync])
def test_nothing_is_said_of_a_suppressed_person(built: Shop, sync: str) -> None:
    _, other = people(built, sync)
    hashes = ", ".join(f"(sha256('{key}'))" for key in ONE_PERSON)
    built.sql(
        "insert into main_ledger.ledger_suppressed_users (user_hash) "
        f"select * from (values {hashes})"
    )
    try:
        rows = people(built, sync)
    finally:
        built.sql("delete from main_ledger.ledger_suppressed_users")

    assert rows == [other]
