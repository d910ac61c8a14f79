"""Reads what is typed after the options of `runner keys create`. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_NAME = re.compile(r"[\w.@-]{1,64}")
_DURATION = re.compile(r"([1-9]\d{0,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def read_names(
    _: click.Context, __: click.Parameter, text: str | None
) -> tuple[str, ...] | None:
    """Names between commas, each once, in their order."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not names:
        msg = "name at least one."
        raise click.BadParameter(msg)
    return names


def read_fields(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """`collection=field,field`, once for each collection."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        collection, equals, names = text.partition("=")
        fields = tuple(dict.fromkeys(names.replace(",", " ").split()))
        if not equals or not collection or not fields:
            msg = f"'{text}' is not COLLECTION=FIELD,FIELD."
            raise click.BadParameter(msg)
        if collection in found:
            msg = f"{collection} stands twice; put all its fields in one --fields."
            raise click.BadParameter(msg)
        found[collection] = fields
    return found


def read_name(_: click.Context, __: click.Parameter, text: str) -> str:
    """A name that stands in lists and on command lines without quotes."""
    if not _NAME.fullmatch(text):
        msg = f"'{text}' is not 1 to 64 letters, digits and . _ @ -"
        raise click.BadParameter(msg)
    return text


def read_duration(
    _: click.Context, __: click.Parameter, text: str | None
) -> timedelta | None:
    """`12h`, `90d` or `8w`."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if found is None:
        msg = f"'{text}' is not a number of hours, days or weeks: 12h, 90d, 8w."
        raise click.BadParameter(msg)
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])
