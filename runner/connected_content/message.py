"""A message: whom it is for, what it calls, what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Recipient:
    """What Liquid knows of one person.

    `attributes` are Braze's own, read as `${user_id}`; `custom` are custom attributes,
    read as `custom_attribute.${tier}`; `more` are other sources by name, such as
    `event_properties`.
    """

    attributes: Mapping[str, object] = field(default_factory=dict)
    custom: Mapping[str, object] = field(default_factory=dict)
    more: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One answer to one `connected_content` tag.

    `status` is the server's, or Braze's own: 408 after two seconds, 598 while the host
    is halted, 599 without a connection, 0 for a call that Braze would not make.
    """

    url: str
    status: int
    milliseconds: float
    size: int = 0
    """Bytes of the body."""
    is_cached: bool = False
    note: str = ""
    """Why nothing was inserted, in a sentence; empty where something was."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of the last rendering, and every call of all of them."""

    text: str
    calls: tuple[Call, ...]
    abort: str | None = None
    """Why the message is not sent; None where it is."""


class Abort(Exception):
    """The message to this recipient is not sent; the text says why."""
