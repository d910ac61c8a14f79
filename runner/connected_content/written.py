"""Reads the tag: a URL, then options, some of them with a value. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import nearest

WITH_VALUE = (
    "save",
    "method",
    "headers",
    "body",
    "content_type",
    "basic_auth",
    "auth_credentials",
    "cache_max_age",
)
ALONE = ("no_cache", "retry")

_HELD = re.compile(r"\{\{.*?\}\}|\{[^{}]*\}", re.DOTALL)
"""What may hold blanks and colons of its own: an output, a JSON object."""

_OPTION = re.compile(r"\s:(\w+)(?=\s|$)")


class WrongTag(ValueError):
    """A tag that Braze could not carry out; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Written:
    """A tag as it is written: the URL and the values are Liquid themselves."""

    url: str
    options: dict[str, str]
    """Name -> value; empty for an option that stands alone."""


def read(text: str) -> Written:
    """Read what follows `connected_content`; raises WrongTag."""
    masked = _HELD.sub(lambda found: "x" * len(found[0]), text)
    # Outputs first, then the object that held them.
    masked = _HELD.sub(lambda found: "x" * len(found[0]), masked)
    found = list(_OPTION.finditer(masked))
    ends = [*(each.start() for each in found), len(text)][1:]
    url = text[: found[0].start() if found else len(text)].strip()
    if not url or re.search(r"\s", masked[: len(url)].strip()):
        msg = "connected_content needs one URL, then its options."
        raise WrongTag(msg)
    options: dict[str, str] = {}
    for each, end in zip(found, ends, strict=True):
        name, value = each[1], text[each.end() : end].strip()
        _check(name, value, options)
        options[name] = value
    return Written(url, options)


def _check(name: str, value: str, options: dict[str, str]) -> None:
    if name not in WITH_VALUE + ALONE:
        known = nearest(name, WITH_VALUE + ALONE)
        msg = f"connected_content has no option ':{name}'.{known}"
        raise WrongTag(msg)
    if name in options:
        msg = f"':{name}' stands twice in one connected_content."
        raise WrongTag(msg)
    if (name in WITH_VALUE) != bool(value):
        needs = "needs a value" if name in WITH_VALUE else f"takes no value: '{value}'"
        msg = f"':{name}' of connected_content {needs}."
        raise WrongTag(msg)
