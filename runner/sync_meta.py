"""`meta.sync`: what a model may say of itself as a sync, and every mistake in it.

Pure. dbt accepts a misspelt key without a word, so this is strict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import nearest
from .objects import OBJECTS

PENDING_SUFFIX = "__pending"


def sync_options(meta: Mapping[str, Any]) -> dict[str, str]:
    """The options of a sync with their defaults; meta.sync is known to be right."""
    known = OBJECTS[meta["destination"]][meta["object"]].options
    return {name: str(meta.get(name, values[0])) for name, values in known.items()}


def meta_problems(node: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for every mistake in one model's meta.sync."""
    where = f"{_file(node)}: model {node['name']}"
    meta = node["config"]["meta"]["sync"]
    if not node["name"].endswith(PENDING_SUFFIX):
        yield f"{where}: a sync's model must be named <sync>{PENDING_SUFFIX}."
    if not isinstance(meta, dict):
        yield f"{where}: meta.sync must be keys and values."
        return
    destination, kind = str(meta.get("destination")), str(meta.get("object"))
    objects = OBJECTS.get(destination) or _every(OBJECTS)
    known_objects = [objects[kind]] if kind in objects else list(objects.values())
    options = {
        name: values for each in known_objects for name, values in each.options.items()
    }
    known = ["destination", "object", *options]
    for key in meta:
        if key not in known:
            yield (
                f"{where}: unknown key '{key}' in meta.sync.{nearest(str(key), known)} "
                f"Known keys: {', '.join(known)}."
            )
    if destination not in OBJECTS:
        yield _unknown(where, "destination", meta.get("destination"), OBJECTS)
    if kind not in objects:
        yield _unknown(where, "object", meta.get("object"), objects)
    for key, value in meta.items():
        if key in options and value not in options[key]:
            yield _unknown(where, key, value, options[key])


def _every(choices: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What any of the choices knows, where it is not clear which was meant."""
    return {name: value for each in choices.values() for name, value in each.items()}


def forgotten(models: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A pending model without meta.sync would never be delivered, and nobody told."""
    for node in models:
        named = node["name"].endswith(PENDING_SUFFIX)
        if named and "sync" not in node["config"].get("meta", {}):
            yield (
                f"{_file(node)}: model {node['name']} has no meta.sync; add "
                "{destination: ..., object: ...}, or rename the model."
            )


def _unknown(where: str, key: str, value: object, known: Iterable[str]) -> str:
    words = list(known)
    if value is None:
        return f"{where}: meta.sync lacks '{key}'. Known: {', '.join(words)}."
    return (
        f"{where}: meta.sync.{key} '{value}' is not known."
        f"{nearest(str(value), words)} Known: {', '.join(words)}."
    )


def _file(node: dict[str, Any]) -> str:
    patch = str(node.get("patch_path") or node["original_file_path"])
    return Path(patch.partition("://")[2] or patch).as_posix()
