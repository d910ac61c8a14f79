"""Holds the standard profile fields: what Braze makes of each value, and its cost.

Must not refuse objects: here a bad value is only ignored, as Braze does; what makes
Braze refuse an object is in `track`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from .dates import is_time
from .places import LANGUAGES, country_code, is_time_zone
from .values import MAX_TEXT, ignore

# What an object says beside the attributes it writes.
CONTROL: Final = frozenset(
    {
        "external_id",
        "braze_id",
        "user_alias",
        "_update_existing_only",
        "_merge_objects",
        "push_token_import",
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """What is stored for a value (or it is ignored), and the data points."""

    accept: Callable[[Any], Any]
    data_points: int = 1


def _anything(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        ignore("not a string")
    if len(value) > MAX_TEXT:
        ignore(f"{len(value)} characters, more than {MAX_TEXT}")
    return value


def _lower(value: Any) -> str:
    return _text(value).lower()


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        ignore("not true or false")
    return value


def _time(value: Any) -> str:
    if not is_time(value):
        ignore("not a time")
    return str(value)


def _birth_date(value: Any) -> str:
    text = _text(value)
    try:
        date.fromisoformat(text)
    except ValueError:
        ignore("not a date in the form YYYY-MM-DD")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is None:
        ignore("not a date in the form YYYY-MM-DD")
    return text


def _gender(value: Any) -> str:
    if value not in ("M", "F", "O", "N", "P"):
        ignore("not one of M, F, O, N, P")
    return str(value)


def _country(value: Any) -> str | None:
    """Return None, which removes, for a country that cannot be mapped."""
    return country_code(_text(value))


def _language(value: Any) -> str:
    if _text(value) not in LANGUAGES:
        ignore("not an ISO 639-1 code")
    return str(value)


def _time_zone(value: Any) -> str:
    if not is_time_zone(_text(value)):
        ignore("not a time zone")
    return str(value)


# Contract sheet 2.4; a field whose cost is not published counts one.
FIELDS: Final = {
    "email": Field(_lower),
    "email_subscribe": Field(_text, data_points=0),
    "email_open_tracking_disabled": Field(_boolean),
    "email_click_tracking_disabled": Field(_boolean),
    "push_subscribe": Field(_text, data_points=0),
    "subscription_groups": Field(_anything, data_points=0),
    "push_tokens": Field(_anything, data_points=0),
    "first_name": Field(_text),
    "last_name": Field(_text),
    "home_city": Field(_text),
    "phone": Field(_text),
    "dob": Field(_birth_date),
    "gender": Field(_gender),
    "country": Field(_country),
    "language": Field(_language),
    "time_zone": Field(_time_zone),
    "current_location": Field(_anything),
    "date_of_first_session": Field(_time),
    "date_of_last_session": Field(_time),
    "marked_email_as_spam_at": Field(_time),
    "facebook": Field(_anything),
    "twitter": Field(_anything),
    "image_url": Field(_text),
}
