"""What can be wrong with a store; each message says what, where and what to do.

DeliveryError
└── StoreError       damaged, of another program, full or out of reach   exit 1
ConfigError
├── StoreMissing     no store is there                                   exit 2
└── StoreUnknown     PERSONALIZATION_STORE names no store at all         exit 2
"""

from __future__ import annotations

from ..errors import ConfigError, DeliveryError


class StoreError(DeliveryError):
    """The store cannot be used as it is; what was served before still is."""

    def at(self, place: object) -> StoreError:
        """The same error, which says where."""
        is_placed = str(place) in str(self)
        return self if is_placed else StoreError(f"{place}: {self}")


class StoreMissing(ConfigError):
    """Nothing has been pushed to this place yet."""


class StoreUnknown(ConfigError):
    """What is named cannot be a store: whether one is somewhere nobody can say."""
