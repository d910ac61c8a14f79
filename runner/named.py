"""Whom a row of the ledger names: by its key, its payload or what is kept. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_LISTS = {
    "external_ids": "external_id",
    "user_ids": "external_id",
    "emails": "email",
    "phones": "phone",
}
_OTHER_IDS = ("current_external_id", "new_external_id", "removed_external_id")
_SIDES = ("identifier_to_merge", "identifier_to_keep", "merge", "keep")


def user_hash(user: str) -> str:
    """What outlives a person's data: the hash of a user key, as models write it."""
    return hashlib.sha256(user.encode()).hexdigest()


def users_in(text: str | None) -> set[str]:
    """The users whom a key, a payload or a kept row names, as user keys.

    An address beside another identifier is an attribute: it names nobody.
    """
    try:
        content = json.loads(text or "")
    except ValueError:
        return set()
    return _named(content) if isinstance(content, dict) else set()


def _named(content: dict[str, Any]) -> set[str]:
    found = {str(user) for user in content.get("user_keys") or []}
    # A record of a collection, whatever else it says.
    found |= {str(content["user_key"])} if content.get("user_key") else set()
    found |= {f"external_id:{content[name]}" for name in _OTHER_IDS if name in content}
    for name, kind in _LISTS.items():
        values = content.get(name)
        found |= {_user(kind, value) for value in values or [] if value is not None}
    for alias in content.get("aliases") or []:
        found |= _named(alias) if isinstance(alias, dict) else set()
    for side in _SIDES:
        if isinstance(content.get(side), dict):
            found |= _named(content[side])
    return found | _identified(content)


def _identified(content: dict[str, Any]) -> set[str]:
    """Whom the most binding identifier of an object names."""
    alias = content.get("user_alias", content)
    for kind in ("external_id", "braze_id"):
        if content.get(kind) is not None:
            return {_user(kind, content[kind])}
    if isinstance(alias, dict) and alias.get("alias_name") is not None:
        return {f"user_alias:{alias.get('alias_label')}:{alias['alias_name']}"}
    for kind in ("email", "phone"):
        if content.get(kind) is not None:
            return {_user(kind, content[kind])}
    # An event of Movable Ink's, where the external_id goes by another name.
    for kind, name in (("external_id", "user_id"), ("anonymous_id", "anonymous_id")):
        if content.get(name) is not None:
            return {_user(kind, content[name])}
    return set()


def _user(kind: str, value: object) -> str:
    return f"{kind}:{str(value).lower() if kind == 'email' else value}"
