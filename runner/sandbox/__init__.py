"""A local Braze over real HTTP, to develop and test against.

Must not be imported by what is delivered: nothing of the runner depends on it.
"""

from __future__ import annotations

from .server import Sandbox

__all__ = ["Sandbox"]
