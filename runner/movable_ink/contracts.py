"""The contracts of events: a JSON Schema each, kept beside the mart.

SQL says the same and decides what leaves; the schemas check the same payloads before a
test and in tests. A schema of your own replaces ours of the same name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError, nearest

FOLDER = Path("models/marts/movable_ink")
CUSTOM = "custom"
_SUFFIX = ".schema.json"
_OURS = Path(__file__).parents[2]
_CUSTOM_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Contract:
    """What one event must be."""

    event: str
    schema: dict[str, Any]

    @property
    def is_identify(self) -> bool:
        """Whether it says who somebody is, not what they did."""
        return bool(self.schema["properties"]["type"]["const"] == "identify")

    @property
    def members(self) -> dict[str, dict[str, Any]]:
        """The properties that are agreed: name -> schema."""
        properties = self.schema["properties"].get("properties", {})
        return dict(properties.get("properties", {}))

    @property
    def required(self) -> tuple[str, ...]:
        """Those of them that must be there."""
        return tuple(self.schema["properties"]["properties"].get("required", ()))

    def example(self) -> dict[str, Any]:
        """A payload that names nobody, under this event's name."""
        payload: dict[str, Any] = json.loads(json.dumps(self.schema["examples"][0]))
        if "event" in payload:
            payload["event"] = self.event
        return payload

    def faults(self, payload: Any) -> list[str]:
        """One sentence for each place where a payload is not as agreed."""
        # A tenth of a second to import, and here alone it is needed.
        from jsonschema import (  # type: ignore[import-untyped]  # noqa: PLC0415
            Draft202012Validator,
        )

        validator = Draft202012Validator(self.schema)
        return [
            f"{error.json_path.removeprefix('$.') or 'the event'}: {error.message}"
            for error in validator.iter_errors(payload)
        ]


def contract(event: str, project: Path) -> Contract:
    """The contract of an event; ConfigError for a name that none can have."""
    known = contracts(project)
    if event in known and event != CUSTOM:
        return known[event]
    if event == CUSTOM or not _CUSTOM_NAME.fullmatch(event):
        names = sorted(known.keys() - {CUSTOM})
        msg = (
            f"'{event}' is no event.{nearest(event, names)} Known: {', '.join(names)}; "
            "and any name of your own, such as wishlist_add."
        )
        raise ConfigError(msg)
    return Contract(event, known[CUSTOM].schema)


def contracts(project: Path) -> dict[str, Contract]:
    """Every contract, by event; those beside the project's own mart go before ours."""
    found: dict[str, Contract] = {}
    for root in (_OURS, project / "dbt_packages" / "braze_bridge", project):
        for path in sorted((root / FOLDER).glob(f"*{_SUFFIX}")):
            event = path.name.removesuffix(_SUFFIX)
            found[event] = Contract(event, _read(path))
    if CUSTOM not in found:
        msg = (
            f"{project / FOLDER}: no contracts lie there. Run it in your dbt project, "
            "or name that: --project-dir"
        )
        raise ConfigError(msg)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        schema = None
    if not isinstance(schema, dict) or not {"properties", "examples"} <= schema.keys():
        msg = f"{path}: is no JSON Schema with properties and examples."
        raise ConfigError(msg)
    return schema
