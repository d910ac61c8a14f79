"""Filters that Braze has beside Liquid's own."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

# Ruby leaves these, and Shopify's page of this filter shows a `/` that stays. So a key
# with a `/` or a `?` in it does not survive the filter, and must be url_encoded.
_LEFT = "-_.!~*'();/?:@=+$,[]"


def _text(value: object) -> str:
    return "" if value is None else str(value)


def url_escape(value: object) -> str:
    """Escape what no URL may hold."""
    return quote(_text(value), safe=_LEFT + "&")


def url_param_escape(value: object) -> str:
    """Escape what no URL may hold, and the ampersand."""
    # Braze's page passes an e-mail address through it "to replace" the @.
    return quote(_text(value), safe=_LEFT.replace("@", ""))


def json_escape(value: object) -> str:
    """Escape what would end a JSON string."""
    return json.dumps(_text(value), ensure_ascii=False)[1:-1]


def sha2(value: object) -> str:
    """SHA-256 in hexadecimal: an index that holds no address."""
    return hashlib.sha256(_text(value).encode()).hexdigest()


def property_accessor(value: Any, name: object) -> object:
    """The member of that name, whatever is in the name."""
    return value.get(_text(name)) if isinstance(value, dict) else None


FILTERS = {
    each.__name__: each
    for each in (url_escape, url_param_escape, json_escape, sha2, property_accessor)
}
