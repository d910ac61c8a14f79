"""Braze's own Liquid, said in the Liquid that everybody reads.

Braze writes `{{${user_id}}}` and `{{custom_attribute.${favourite shop}}}` for what is
known of a recipient, and allows `{% if {{x}} == 1 %}`. Pure: text in, text out.
"""

from __future__ import annotations

import re

ATTRIBUTES = "_attributes"
"""The name under which `${...}` alone is looked up."""

_PIECE = re.compile(
    r"(?P<raw>\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\})"
    r"|(?P<tag>\{%-?\s*(?P<name>\w*).*?%\})"
    # `${user_id}` first: its brace and those of the output stand together as `}}}`.
    r"|(?P<output>\{\{(?:\$\{[^}]*\}|(?!\}\}).)*\}\})",
    re.DOTALL,
)
_FIELD = re.compile(r"(?:(?P<source>\w+)\.)?\$\{(?P<name>[^}]*)\}")
_QUOTED_OR_OUTPUT = re.compile(r"'[^']*'|\"[^\"]*\"|\{\{(?P<inner>.*?)\}\}", re.DOTALL)


def plain(template: str) -> str:
    """Return the template with Braze's own syntax replaced; text stays as it is."""
    return _PIECE.sub(_piece, template)


def _piece(found: re.Match[str]) -> str:
    if found["raw"]:
        return found[0]
    text = _FIELD.sub(_field, found[0])
    if found["tag"] and found["name"] != "connected_content":
        text = _QUOTED_OR_OUTPUT.sub(_without_braces, text)
    return text


def _field(found: re.Match[str]) -> str:
    quote = '"' if "'" in found["name"] else "'"
    return f"{found['source'] or ATTRIBUTES}[{quote}{found['name'].strip()}{quote}]"


def _without_braces(found: re.Match[str]) -> str:
    return found[0] if found["inner"] is None else found["inner"]
