"""The models of a shop with a sync for each object of Braze's; its marts are empty."""

from __future__ import annotations

MARTS = {
    "people": "external_id varchar, tier varchar, points integer",
    "flags": "external_id varchar, is_member boolean",
    "subscribers": "alias_name varchar, alias_label varchar, tier varchar",
    "lists": (
        "external_id varchar, audiences varchar[], "
        "orders struct(id varchar,state varchar,note varchar)[]"
    ),
    "products": "id varchar, title varchar, price double, tags varchar[]",
    "members": "cohort_id varchar, cohort_name varchar, external_id varchar",
    "consents": (
        "external_id varchar, subscription_group varchar, state varchar, "
        "consented_at timestamp"
    ),
    "consents_by_email": (
        "email varchar, subscription_group varchar, state varchar, "
        "consented_at timestamp"
    ),
    "heard": (
        "external_id varchar, subscription_group varchar, state varchar, "
        "changed_at timestamp"
    ),
    "profiles": "email varchar, external_id varchar",
    "nicknames": "external_id varchar, alias_name varchar, alias_label varchar",
    "leads": (
        "external_id varchar, alias_name varchar, alias_label varchar, "
        "email varchar, prioritization varchar[]"
    ),
    "duplicates": (
        "merge_external_id varchar, keep_external_id varchar, merge_email varchar, "
        "merge_prioritization varchar[]"
    ),
    "renames": (
        "current_external_id varchar, new_external_id varchar, "
        "remove_current boolean, changed_at timestamp"
    ),
    "erasures": "external_id varchar",
    "erasures_by_email": "email varchar, prioritization varchar[]",
    "visits": (
        "event_key varchar, external_id varchar, name varchar, time timestamp, "
        'properties struct("page" varchar)'
    ),
    "sales": (
        "purchase_key varchar, external_id varchar, product_id varchar, "
        "currency varchar, price decimal(10,2), quantity integer, time timestamp, "
        'properties struct("color" varchar)'
    ),
    "guests": (
        "guest varchar, email varchar, city varchar, points integer, note varchar"
    ),
    "vouchers": "code varchar, amount decimal(9,2)",
    "rooms": "room varchar, guest varchar",
}

COLLECTION = "destination: personalization, object: collection"

# Sync -> (its macro, its meta.sync). A sync is named after its mart.
SYNCS = {
    "people": ("pending_rows(ref('people'))", "object: attributes"),
    "flags": ("pending_rows(ref('flags'))", "object: attributes"),
    "subscribers": (
        "pending_rows(ref('subscribers'), key=['alias_name', 'alias_label'])",
        "object: attributes",
    ),
    "lists": (
        "pending_rows(ref('lists'), array_columns=['audiences'], "
        "keyed_arrays={'orders': 'id'})",
        "object: attributes",
    ),
    "products": (
        "pending_catalog_items(ref('products'), catalog='products')",
        "object: catalog",
    ),
    "members": ("pending_cohort_members(ref('members'))", "object: cohort"),
    "consents": (
        "pending_subscription_states(ref('consents'), groups=ref('groups'), "
        "heard=ref('heard'))",
        "object: subscriptions, first_run: send",
    ),
    "consents_by_email": (
        "pending_subscription_states(ref('consents_by_email'), user='email', "
        "groups=ref('groups'), profiles=ref('profiles'))",
        "object: subscriptions",
    ),
    "nicknames": (
        "pending_aliases(ref('nicknames'), after='people')",
        "object: aliases",
    ),
    "leads": ("pending_identifications(ref('leads'))", "object: identifications"),
    "duplicates": ("pending_merges(ref('duplicates'))", "object: merges"),
    "renames": (
        "pending_external_id_renames(ref('renames'))",
        "object: external_id_renames",
    ),
    "erasures": ("pending_deletions(ref('erasures'))", "object: deletions"),
    "erasures_by_email": (
        "pending_deletions(ref('erasures_by_email'), user='email')",
        "object: deletions",
    ),
    "visits": ("pending_events(ref('visits'))", "object: events, first_run: send"),
    "sales": ("pending_purchases(ref('sales'))", "object: purchases, first_run: send"),
    "guests": (
        "pending_records(ref('guests'), collection='guests', key='guest', "
        "columns=['guest', 'points', 'note'], user='guest', "
        "indexes={'email': {}, 'city': {'order': ['points desc'], 'most': 3}})",
        COLLECTION,
    ),
    "vouchers": (
        "pending_records(ref('vouchers'), collection='vouchers', key='code', "
        "columns=['code', 'amount'], on_removed='tombstone', "
        "missing={'amount': 0})",
        COLLECTION,
    ),
    "rooms": (
        "pending_records(ref('rooms'), collection='rooms', key='room', "
        "columns=['room'], on_removed='keep', user='guest')",
        COLLECTION,
    ),
}

GROUPS = """\
select 'dev' as environment, name as group_name, id as subscription_group_id
from (values ('newsletter', 'group-news'), ('sms', 'group-sms')) as ids(name, id)
"""


def _whole(meta: str) -> str:
    return meta if meta == COLLECTION else f"destination: braze, {meta}"


def models() -> dict[str, str]:
    """Name -> text of every file of the models."""
    files = {}
    for mart, columns in MARTS.items():
        nulls = ", ".join(
            f"cast(null as {kind}) as {name}"
            for name, kind in (
                column.split(maxsplit=1) for column in columns.split(", ")
            )
        )
        files[f"{mart}.sql"] = (
            f"{{{{ config(materialized='table') }}}}\nselect {nulls} where false\n"
        )
    files["groups.sql"] = GROUPS
    described = "models:\n"
    for sync, (macro, meta) in SYNCS.items():
        files[f"{sync}__pending.sql"] = f"{{{{ braze_bridge.{macro} }}}}\n"
        described += (
            f"  - name: {sync}__pending\n"
            f"    config: {{meta: {{sync: {{{_whole(meta)}}}}}}}\n"
        )
    return files | {"syncs.yml": described}
