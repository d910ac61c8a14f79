"""Reads JSON as strictly as Braze does.

Must not know what the JSON means.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

# Ours: no Braze object nests this deeply, and everything behind may then recurse.
MAX_DEPTH = 100


def parse(raw: bytes) -> Any:
    """Return the value, or raise ValueError; NaN and Infinity are malformed."""
    try:
        value = _DECODER.decode(raw.decode())
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if not _is_surely_shallow(raw) and _depth(value) > MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    return value


_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels"


def _is_surely_shallow(raw: bytes) -> bool:
    """Peel brackets off in pairs: far cheaper than walking every value.

    A bracket within a string may leave a rest, and then the values are walked.
    """
    brackets = raw.translate(None, delete=_NOT_BRACKETS)
    for _ in range(MAX_DEPTH // 2):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return False


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        _no_constant(text)
    return number


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
