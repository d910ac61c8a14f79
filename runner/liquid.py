"""The Connected Content block of a collection, ready to be pasted into Braze. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .record_paths import PLAIN_NAME, Leaf, Path, reference

if TYPE_CHECKING:
    from .store import Definition

RECIPIENT = {
    "user_id": "${user_id}",
    "external_id": "${user_id}",
    "customer_id": "${user_id}",
    "braze_id": "${braze_id}",
    "email": "${email_address}",
    "email_address": "${email_address}",
    "phone": "${phone_number}",
    "phone_number": "${phone_number}",
    "city": "${city}",
    "country": "${country}",
    "language": "${language}",
}
"""Index -> what Braze knows of a recipient; anything else is a custom attribute."""

IN_LOGS = frozenset({"email", "email_address", "phone", "phone_number"})
"""Indexes whose values say who somebody is, where Braze logs each URL."""

BRAZE_KEEPS = 300
"""Seconds for which Braze keeps an answer, asked or not."""
BRAZE_KEEPS_AT_MOST = 14_400

_NOT_A_VARIABLE = frozenset(
    {"and", "or", "contains", "in", "nil", "null", "true", "false", "empty", "blank"}
    | {"connected", "forloop", "custom_attribute", "event_properties"}
)


@dataclass(frozen=True, slots=True)
class Block:
    """What is to be written: the call, and how its answer is used."""

    definition: Definition
    index: str
    host: str
    """With its scheme: https://personalization.example.com"""
    leaves: tuple[Leaf, ...]
    credential: str | None
    """Name of the stored credential; None puts the key into a header."""
    value: str
    """What the recipient is looked up by: `${user_id}`."""
    is_html: bool = True
    in_app: bool = False

    @property
    def is_list(self) -> bool:
        """Whether the index answers `{"records":[...]}`."""
        found = self.definition.index(self.index)
        return found is not None and found.is_list


def variable(collection: str) -> str:
    """The name under which an answer is saved."""
    fits = PLAIN_NAME.fullmatch(collection) and collection not in _NOT_A_VARIABLE
    return collection if fits else f"the_{collection}"


def recipient_value(index: str) -> str:
    """What Braze's Liquid calls the value of an index."""
    return RECIPIENT.get(index, f"custom_attribute.${{{index}}}")


def written(block: Block) -> str:
    """The block, ready to be pasted; renders as it stands."""
    name = variable(block.definition.collection)
    missing = f"{name} == null or {name}.__http_status_code__ != 200"
    if block.is_list:
        missing += f" or {name}.records[0] == null"
    lines = [
        *_comment(_notes(block)),
        "{% connected_content",
        *(f"     {each}" for each in _call(block, name)),
        "%}",
        f"{{% if {missing} %}}",
        f"{{% abort_message('{block.definition.collection}: no record') %}}",
        *_comment(
            "To send the message all the same, put what it says without a record here "
            "in place of abort_message."
        ),
        "{% else %}",
        *_outputs(block, name),
        "{% endif %}",
    ]
    return "\n".join(lines) + "\n"


def _call(block: Block, name: str) -> Iterator[str]:
    collection = block.definition.collection
    yield (
        f"{block.host}/v1/collections/{collection}/records/{block.index}/"
        f"{{{{{block.value} | url_param_escape}}}}"
    )
    yield ":method get"
    if block.credential:
        yield f":auth_credentials {block.credential}"
    else:
        yield ':headers {"Authorization": "Bearer PASTE-THE-KEY-HERE"}'
    if block.definition.cache_seconds > BRAZE_KEEPS:
        seconds = min(block.definition.cache_seconds, BRAZE_KEEPS_AT_MOST)
        yield f":cache_max_age {seconds}"
    if not block.in_app:
        yield ":retry"
    yield f":save {name}"


def _notes(block: Block) -> str:
    """What somebody who pastes the block must know. No braces: it is a comment."""
    host = urlsplit(block.host).hostname
    if block.credential:
        key = (
            f"The key: Settings > Connected Content > Add credential > Token "
            f"authentication; name {block.credential}, header Authorization, value "
            f"Bearer, a space and the key, allowed domain {host}."
        )
    else:
        key = (
            "The key stands in the header, for all who may edit this message; a stored "
            "credential hides it."
        )
    kept = max(BRAZE_KEEPS, min(block.definition.cache_seconds, BRAZE_KEEPS_AT_MOST))
    notes = [
        f"{block.definition.collection} by {block.index}.",
        key,
        "Paste the block into each field that uses it: what is saved is known in its "
        f"own field only, and Braze keeps an answer for {kept // 60} minutes.",
    ]
    if block.value.startswith("custom_attribute."):
        attribute = block.value.removeprefix("custom_attribute.$").strip("{}")
        notes.append(
            f"The {block.index} is the recipient's custom attribute {attribute}; "
            "--value names another."
        )
    if block.definition.missing is not None:
        notes.append("Who has no record gets the default record of the collection.")
    if block.is_list or any(0 in leaf.path for leaf in block.leaves):
        notes.append("[0] is the first of a list; a for loop takes all of them.")
    if block.index in IN_LOGS:
        notes.append(
            f"Braze logs each URL for 30 days, so the {block.index}, too: look up by "
            "an id where you can."
        )
    if block.is_html:
        notes.append("escape is for HTML: leave it out of a subject, a push or an SMS.")
    else:
        notes.append("In HTML, add: | escape")
    if block.in_app:
        notes.append("An in-app message knows no retry.")
    return "\n".join(notes)


def _comment(text: str) -> list[str]:
    return ["{% comment %}", *text.splitlines(), "{% endcomment %}"]


def _outputs(block: Block, name: str) -> Iterator[str]:
    within: Path = ("records", 0) if block.is_list else ()
    left_out = 0
    for leaf in block.leaves:
        found = reference(name, (*within, *leaf.path))
        if found is None:
            left_out += 1
            continue
        escape = " | escape" if leaf.is_text and block.is_html else ""
        yield f"{_label(leaf.path)}: {{{{{found}{escape}}}}}"
    if left_out:
        yield from _comment(
            f"Left out: {left_out} with a name that looks like an address, or that "
            "Liquid cannot write."
        )


def _label(path: Path) -> str:
    """The path for people: words without the syntax, and without Liquid's braces."""
    words = " ".join(str(step) for step in path if step != 0)
    return re.sub(r"[{}%<>&]", "", words)
