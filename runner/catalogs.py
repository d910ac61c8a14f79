"""Catalogs: made when missing, widened by new fields, and read back after a push.

A 202 says that Braze has validated a request, not that it is applied (braze-api 4.3):
what follows waits until it can be seen, and a sample of the items is looked at.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .braze import Answer, Lane
from .settings import Limits

CATALOGS = "/catalogs"
SAMPLE = 3
"""Items read back after a push; Braze allows 50 such requests a minute."""

_FIRST_LOOK, _LAST_LOOK = 0.25, 8.0
_PATIENCE_WITH_OTHERS = 15.0
"""Seconds to wait for an item that Braze shows, but otherwise than it was sent."""
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")

_DONE = Answer(201, {}, b'{"message":"success"}')


class CatalogLane(Lane):
    """Sends a definition: creates the catalog, or adds the fields that it lacks."""

    def __init__(
        self, endpoint: str, key: str, limits: Limits, scheme: str = "Bearer"
    ) -> None:
        super().__init__(endpoint, key, limits, scheme)
        self._patience = limits.visible_seconds
        self._most_fields = limits.ids_per_request

    def send(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Bring the catalog to its definition; the answer is Braze's last one."""
        wanted = json.loads(body)["catalogs"][0]
        answer, there = self._look(wanted["name"])
        if there is None:
            is_missing = answer.status == 200
            return super().send(method, path, body) if is_missing else answer
        fields = {field["name"]: field["type"] for field in wanted["fields"]}
        for name, kind in fields.items():
            if there.get(name, kind) != kind:
                return _refusal(
                    f"the field {name} is a {there[name]} in Braze and a {kind} here; "
                    "a field's type cannot change"
                )
        return self._add_fields(wanted["name"], fields, there)

    def _add_fields(
        self, catalog: str, fields: dict[str, str], there: dict[str, str]
    ) -> Answer:
        new = [
            {"name": name, "type": kind}
            for name, kind in fields.items()
            if name not in there
        ]
        for first in range(0, len(new), self._most_fields):
            part = new[first : first + self._most_fields]
            answer = super().send(
                "POST",
                f"{CATALOGS}/{quote(catalog, safe='')}/fields",
                json.dumps({"fields": part}).encode(),
            )
            if answer.status != 202:
                return answer
        for _ in _looks(self._patience):
            answer, there = self._look(catalog)
            if there is None:
                return answer
            if fields.keys() <= there.keys():
                return _DONE
        return _refusal(
            f"Braze took the new fields but did not show them within "
            f"{self._patience} s; push again later"
        )

    def _look(self, catalog: str) -> tuple[Answer, Any]:
        """Return Braze's answer, and the fields of the catalog if it is there."""
        answer = super().send("GET", CATALOGS)
        if answer.status != 200:
            return answer, None
        try:
            catalogs = json.loads(answer.body)["catalogs"]
            found = [each for each in catalogs if each["name"] == catalog]
            fields = found[0]["fields"] if found else None
            names = fields and {field["name"]: field["type"] for field in fields}
        except (ValueError, LookupError, TypeError):
            return Answer(502, {}, b"", "the list of catalogs is not Braze's"), None
        return answer, names


def _refusal(text: str) -> Answer:
    """An answer in Braze's form to a definition that cannot be."""
    return Answer(400, {}, json.dumps({"message": text}).encode())


def _looks(seconds: float) -> Iterator[None]:
    """Yield now and then, ever more slowly, for so long; at least once."""
    deadline, pause = time.monotonic() + seconds, _FIRST_LOOK
    while True:
        yield
        if time.monotonic() + pause > deadline:
            return
        time.sleep(pause)
        pause = min(_LAST_LOOK, pause * 2)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Ids of items that were looked at and are not as they were sent."""

    missing: tuple[str, ...] = ()
    different: tuple[str, ...] = ()


def read_back(
    lane: Lane,
    catalog: str,
    payloads: list[str],
    limits: Limits,
    keep: Callable[[], bool],
) -> ReadBack:
    """Look until Braze shows the items as they were sent, or for so long.

    An item that is there and differs may be an older one, or Braze may spell a value
    otherwise: that is not waited for as long. `keep` is called between two looks: it
    keeps the lease, and says whether to go on.
    """
    wanted = {item["id"]: item for item in map(json.loads, payloads)}
    states: dict[str, str] = {}
    began = time.monotonic()
    for _ in _looks(limits.visible_seconds):
        for item_id in list(wanted):
            path = (
                f"{CATALOGS}/{quote(catalog, safe='')}/items/{quote(item_id, safe='')}"
            )
            states[item_id] = _state(lane.send("GET", path), wanted[item_id])
            if states[item_id] == "same":
                del wanted[item_id]
        is_late = time.monotonic() - began > _PATIENCE_WITH_OTHERS
        is_there = is_late and all(states[each] == "different" for each in wanted)
        if not wanted or is_there or not keep():
            break
    return ReadBack(
        tuple(each for each in wanted if states[each] == "missing"),
        tuple(each for each in wanted if states[each] == "different"),
    )


def _state(answer: Answer, wanted: dict[str, Any]) -> str:
    """Whether Braze shows an item as it was sent, in all that has one spelling."""
    if answer.status != 200:
        return "missing"
    try:
        shown = json.loads(answer.body)["items"][0]
    except (ValueError, LookupError, TypeError):
        return "missing"
    is_same = all(
        shown.get(name) == value
        for name, value in wanted.items()
        if isinstance(value, bool | int | float)
        or (isinstance(value, str) and not _TIME.fullmatch(value))
    )
    return "same" if is_same else "different"
