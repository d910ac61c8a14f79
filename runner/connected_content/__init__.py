"""Connected Content as Braze renders it, for tests and for `runner liquid --render`.

A `Workspace` renders one message for one recipient against servers that are really
called: two seconds, one megabyte, no redirects, a cache keyed by the URL alone,
retries, several renderings a recipient, and a halt of a minute for a failing host.
What Braze has not written down is decided here so that our faults show, and said so
where it is decided.
"""

from __future__ import annotations

from .clock import Clock
from .credentials import Basic, Token
from .message import Call, Recipient, Rendered
from .workspace import Workspace

__all__ = ["Basic", "Call", "Clock", "Recipient", "Rendered", "Token", "Workspace"]
