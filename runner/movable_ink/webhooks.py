"""The body of a Braze webhook that sends an event to Movable Ink. Pure.

For who cannot send from the warehouse. Braze's page shows a template of its own, which
lacks a comma, has one too many, and sends seconds and numbers as texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .contracts import Contract

_NOW = '{{"now" | date: "%s"}}000'
"""Milliseconds: Liquid's clock has whole seconds."""

_STEPS = """\
{event} of Movable Ink, for the body of a webhook in Braze (raw text).
HTTP: POST to the endpoint that Movable Ink gave you.
Headers: Content-Type application/json; Authorization Basic, a blank and the value.
Schedule: action-based, immediately, not in the user's local time zone.
A/B test: no control group, or those in it never reach Movable Ink.
{users}"""
_KNOWN = "Audience: External User ID is not blank."
_ALL = (
    "A visitor without an external id goes by the braze_id, which nobody can guess; "
    "never by an address or its md5."
)


def written(
    contract: Contract, *, users: str = "all", more: Mapping[str, str] | None = None
) -> str:
    """The template. `more` are properties of your own: name -> its JSON type."""
    only_known = contract.is_identify or users == "known"
    steps = _STEPS.format(event=contract.event, users=_KNOWN if only_known else _ALL)
    members = contract.members | {
        name: {"type": kind} for name, kind in (more or {}).items()
    }
    required = () if contract.is_identify else (*contract.required, *(more or {}))
    lines = [
        "{% comment %}",
        *steps.splitlines(),
        "{% endcomment %}",
        *_aborts(contract, members, required, only_known=only_known),
        "{",
        *_identity(contract, only_known=only_known),
    ]
    if not contract.is_identify:
        lines += [f'  "event": "{contract.event}",', '  "properties": {']
        lines += _properties(members, required)
        lines += ["  },"]
    kind = "identify" if contract.is_identify else "track"
    lines += [
        f'  "timestamp": {_NOW},',
        '  "timezone": "{{${time_zone} | default: \'UTC\' | json_escape}}",',
        f'  "type": "{kind}"',
        "}",
    ]
    return "\n".join(lines) + "\n"


def _aborts(
    contract: Contract,
    members: Mapping[str, Mapping[str, Any]],
    required: tuple[str, ...],
    *,
    only_known: bool,
) -> Iterator[str]:
    """What cannot be said rightly is not said at all."""
    if only_known:
        yield _abort(_is_there("{{${user_id}}}"), "no external id")
    for name in required:
        found = _property(name)
        # A false is blank, too.
        is_boolean = members[name].get("type") == "boolean"
        condition = f"{found} != null" if is_boolean else _is_there(found)
        yield _abort(condition, f"{contract.event} without {name}")


def _abort(unless: str, reason: str) -> str:
    abort = f"{{% abort_message('{reason}') %}}"
    return f"{{% unless {unless} %}}{abort}{{% endunless %}}"


def _is_there(found: str) -> str:
    """A condition: what is missing is nothing, but not blank."""
    return f"{found} and {found} != blank"


def _identity(contract: Contract, *, only_known: bool) -> list[str]:
    user = '  "user_id": "{{${user_id} | json_escape}}",'
    visitor = '  "anonymous_id": "{{${braze_id} | json_escape}}",'
    if contract.is_identify:
        return [visitor, user]
    if only_known:
        return [user]
    return [
        f"{{% if {_is_there('{{${user_id}}}')} %}}",
        user,
        "{% else %}",
        visitor,
        "{% endif %}",
    ]


def _properties(
    members: Mapping[str, dict[str, Any]], required: tuple[str, ...]
) -> Iterator[str]:
    """The members, the required ones first: a comma goes before each of the others."""
    first = [name for name in members if name in required]
    rest = [name for name in members if name not in required]
    for at, name in enumerate(first):
        comma = "," if at + 1 < len(first) else ""
        yield f'    "{name}": {_value(name, members[name])}{comma}'
    if not first and rest:
        # Nothing must be there, so no comma is safe: begin with one that always is.
        yield '    "meta": { ' + _pairs(_property("meta")) + " }"
        rest = [name for name in rest if name != "meta"]
    for name in rest:
        yield (
            f"    {{% if {_is_there(_property(name))} %}}"
            f', "{name}": {_value(name, members[name])}{{% endif %}}'
        )


def _property(name: str) -> str:
    """A property as a tag has it."""
    return f"{{{{{_inner(name)}}}}}"


def _inner(name: str) -> str:
    return f"event_properties.${{{name}}}"


def _value(name: str, schema: Mapping[str, Any]) -> str:
    """A property as JSON; a number that came as a text becomes one."""
    found = _inner(name)
    match schema.get("type"):
        case "number" | "integer":
            return f"{{{{{found} | plus: 0}}}}"
        case "boolean":
            return f"{{{{{found}}}}}"
        case "array":
            return _list(_property(name), schema["items"]["properties"])
        case "object":
            return "{ " + _pairs(_property(name)) + " }"
    return f'"{{{{{found} | json_escape}}}}"'


def _list(found: str, members: Mapping[str, Mapping[str, Any]]) -> str:
    """A list of objects: as many as there are, without a comma after the last."""
    written_members = [
        f'"{name}": {{{{item.{name} | plus: 0}}}}'
        if schema.get("type") in {"number", "integer"}
        else f'"{name}": "{{{{item.{name} | json_escape}}}}"'
        for name, schema in members.items()
    ]
    return (
        f"[{{% for item in {found} %}}{{ {', '.join(written_members)} }}"
        "{% unless forloop.last %}, {% endunless %}{% endfor %}]"
    )


def _pairs(found: str) -> str:
    """The members of an object that nobody agreed on: numbers stay numbers.

    Whoever puts a brace around them leaves a blank, or Liquid takes two for its own.
    """
    return (
        f"{{% for pair in {found} %}}"
        "{% assign number = pair[1] | plus: 0 %}"
        '"{{pair[0] | json_escape}}": '
        "{% if pair[1] == number or pair[1] == true or pair[1] == false %}"
        '{{pair[1]}}{% else %}"{{pair[1] | json_escape}}"{% endif %}'
        "{% unless forloop.last %}, {% endunless %}{% endfor %}"
    )
