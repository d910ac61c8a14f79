"""What can be wrong with a store; each message says what, where and what to do.

DeliveryError
└── StoreError       damaged, of another program, full or out of reach   exit 1
ConfigError
└── StoreMissing     no store is there                                   exit 2
"""

from __future__ import annotations

from ..errors import ConfigError, DeliveryError


class StoreError(DeliveryError):
    """The store cannot be used as it is; what was served before still is."""


class StoreMissing(ConfigError):
    """Nothing has been pushed to this place yet."""
