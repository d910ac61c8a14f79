"""What the errors of Snowflake and its connector are about, by their numbers."""

from __future__ import annotations

from .session import Fault

OVER = {390104, 390105, 390108, 390110, 390111, 390112, 390114, 390115, 390195}
"""Errors that say a session is over, or never was."""
_OF_THE_ENGINE = {603, 90073}
"""A fault inside; a resource monitor whose credits are used up."""
_INTERVENED = "57"
"""SQLSTATEs that begin so: cancelled (604), no warehouse (606) or a suspended one (608,
609), a lock (625), a timeout (630)."""
_MISSING = {2003, 2043, 3001}
"""Object does not exist or not authorized; insufficient privileges."""


def fault_of(error: Exception) -> Fault | None:
    """What an error is about; None where it is none of Snowflake's."""
    from snowflake.connector import errors  # noqa: PLC0415 - loaded with the session

    if not isinstance(error, errors.Error):
        return None
    is_its_own = (
        error.errno in OVER | _OF_THE_ENGINE
        or str(error.sqlstate).startswith(_INTERVENED)
        or not isinstance(error, errors.ProgrammingError)
    )
    if is_its_own:
        return "warehouse"
    return "missing" if error.errno in _MISSING else "statement"


def is_unreachable(error: Exception) -> bool:
    """Whether a login failed on its way: who asks again may get in."""
    from snowflake.connector import errors  # noqa: PLC0415

    on_the_way = (
        errors.OperationalError,
        errors.InternalServerError,
        errors.BadGatewayError,
        errors.ServiceUnavailableError,
        errors.GatewayTimeoutError,
        errors.RequestTimeoutError,
        errors.TooManyRequests,
        errors.OtherHTTPRetryableError,
        errors.RequestExceedMaxRetryError,
        ConnectionError,
        TimeoutError,
    )
    return isinstance(error, on_the_way)
