"""Decides which texts Braze reads as a point in time.

Must not know where a text comes from, nor convert it: the sandbox keeps what was sent.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

# Years outside are stored as strings: "data types" page of the Braze user guide, read
# 2026-09-02 (contract sheet 2.5).
LAST_YEAR = 3000

_CLOCK = r"[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.:]\d{1,9})?)?"
_ZONE = r"(?:Z| ?UTC|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}})(?:{_CLOCK} ?{_ZONE})?")
_MONTH_FIRST = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})")
_RUBY = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    r"(?P<month>\w{2,3}) (?P<day>\d{1,2}) \d{2}:\d{2}:\d{2}[ .]?\S* \d{4}"
)


def looks_like_time(text: str) -> bool:
    """Say whether Braze would store this string attribute as a time."""
    if len(text) < len("1/1/2021") or not text.isascii():
        return False
    if text[0].isdigit():
        return _is_numeric_time(text)
    return text[-1].isdigit() and _RUBY.fullmatch(text) is not None


def is_time(value: Any) -> bool:
    """Say whether a value is acceptable where Braze demands a time."""
    return isinstance(value, str) and looks_like_time(value)


def as_utc(text: str, *, otherwise: datetime) -> datetime:
    """Read an ISO 8601 time as UTC, for ordering only."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_numeric_time(text: str) -> bool:
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, *clock = found.groups()
        return _is_day(year, month, day) and _is_clock(*clock)
    if found := _MONTH_FIRST.fullmatch(text):
        month, _, day, year = found.groups()
        return _is_day(year, month, day) or _is_day(year, day, month)
    return False


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return int(year) <= LAST_YEAR


def _is_clock(hour: str | None, minute: str | None, second: str | None) -> bool:
    return int(hour or 0) < 24 and int(minute or 0) < 60 and int(second or 0) <= 60
