"""Opens a session with a Snowflake account, as dbt's profile says.

What the profile says to dbt-snowflake is handed to Snowflake's connector under its own
names; secrets are never printed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import AuthError, ConfigError, DeliveryError
from ..project import Project
from .snowflake_faults import is_unreachable
from .snowflake_session import SnowflakeSession

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

_SAME_NAME = (
    "account",
    "user",
    "password",
    "authenticator",
    "token",
    "role",
    "warehouse",
    "database",
    "host",
    "port",
    "protocol",
    "insecure_mode",
    "client_session_keep_alive",
)
_OTHER_NAME = {
    "private_key_path": "private_key_file",
    "private_key_passphrase": "private_key_file_pwd",
    "connect_timeout": "login_timeout",
}

LOCK_SECONDS = 660
"""How long a statement waits for another session's lock before it fails.

Longer than a runner that was killed can keep one: Snowflake aborts its statement five
minutes after the connection is gone, and its transaction when that has been idle and in
somebody's way for another five (F48 of the failure list).
"""

_SESSION = {
    "TIMEZONE": "UTC",
    "LOCK_TIMEOUT": LOCK_SECONDS,
    "ABORT_DETACHED_QUERY": True,
    "AUTOCOMMIT": True,
    # What an account may have set otherwise for everybody.
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "ROWS_PER_RESULTSET": 0,
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
}


@dataclass(slots=True)
class SnowflakeAccount:
    """The account of the project's target, with one session that visits share.

    A session takes a second to begin, and nobody waits for it to end: it stays open
    between visits, and is begun anew when Snowflake has ended it.
    """

    name: str
    """What a person calls it: the account and the database."""
    arguments: Mapping[str, Any] = field(repr=False)
    schema: str = ""
    tell: Callable[[str], None] = print
    _session: SnowflakeSession | None = None

    @classmethod
    def of(cls, project: Project, *, tell: Callable[[str], None]) -> SnowflakeAccount:
        """The account of the project's target."""
        output = project.output
        _require_driver(project)
        arguments = {name: output[name] for name in _SAME_NAME if output.get(name)}
        arguments |= {
            theirs: output[ours]
            for ours, theirs in _OTHER_NAME.items()
            if output.get(ours)
        }
        for name in ("account", "user", "database"):
            if not arguments.get(name):
                msg = f"target '{project.target}' is Snowflake and says no {name}."
                raise ConfigError(msg)
        if output.get("private_key"):
            arguments["private_key"] = _private_key(
                str(output["private_key"]), output.get("private_key_passphrase")
            )
        tag = output.get("query_tag") or json.dumps({"app": "braze-bridge runner"})
        arguments |= {
            "application": "braze_bridge",
            "paramstyle": "qmark",
            "session_parameters": {"QUERY_TAG": str(tag), **_SESSION},
        }
        return cls(
            name=f"{arguments['account']}/{arguments['database']}",
            arguments=arguments,
            schema=str(output.get("schema") or ""),
            tell=tell,
        )

    @contextmanager
    def open(self, *, read_only: bool = False) -> Iterator[SnowflakeSession]:  # noqa: ARG002
        """Yield the session; the account's faults become errors with a remedy."""
        from snowflake.connector import errors  # noqa: PLC0415 - half a second

        if self._session is None:
            self._session = SnowflakeSession(self.connect, self.schema, self.tell)
        session = self._session
        session.visit()
        try:
            yield session
        except errors.Error as error:
            session.end()
            self._session = None
            raise _explained(self.name, session, error) from None

    def connect(self) -> SnowflakeConnection:
        """Log in; raises ConfigError, AuthError or DeliveryError without secrets."""
        from snowflake import connector  # noqa: PLC0415

        try:
            return connector.connect(**self.arguments)
        except (connector.errors.Error, OSError, ValueError, TypeError) as error:
            number = getattr(error, "errno", None)
            if is_unreachable(error):
                msg = (
                    f"{self.name}: Snowflake cannot be reached (error {number}). "
                    "Nothing is lost: look at the network, and at account in "
                    "profiles.yml, then run again."
                )
                raise DeliveryError(msg) from None
            if not isinstance(error, connector.errors.DatabaseError):
                msg = (
                    f"{self.name}: no session with Snowflake "
                    f"({type(error).__name__}). Look at account, private_key_path and "
                    "its passphrase in profiles.yml."
                )
                raise ConfigError(msg) from None
            msg = (
                f"{self.name}: Snowflake does not let user {self.arguments['user']} in "
                f"(error {number}). Look at the user, its key and its network "
                "policy: docs/snowflake.md."
            )
            raise AuthError(msg) from None


def _require_driver(project: Project) -> None:
    try:
        import pyarrow  # noqa: F401, PLC0415
        import snowflake.connector  # noqa: F401, PLC0415
    except ImportError:
        msg = (
            f"target '{project.target}' is Snowflake, whose driver is not installed. "
            "Run: pip install 'braze-bridge[snowflake]'"
        )
        raise ConfigError(msg) from None


def _private_key(text: str, passphrase: object) -> bytes:
    """A key that stands in the profile, PEM or base64 of DER, as the connector's DER.

    Raises ConfigError where it cannot be read.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    word = str(passphrase).encode() if passphrase else None
    try:
        if text.lstrip().startswith("-"):
            key = serialization.load_pem_private_key(text.strip().encode(), word)
        else:
            key = serialization.load_der_private_key(base64.b64decode(text), word)
    except (ValueError, TypeError):
        msg = (
            "private_key in profiles.yml is no PEM or base64 of DER that its "
            "private_key_passphrase opens."
        )
        raise ConfigError(msg) from None
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _explained(
    name: str, session: SnowflakeSession, error: Exception
) -> ConfigError | DeliveryError:
    """Words without data: Snowflake's own text may quote a customer's value."""
    number = getattr(error, "errno", None)
    if session.fault(error) == "missing":
        return ConfigError(
            f"{name}: the ledger or a model is not there, or this role may not use it. "
            "Run: runner build (with the same --target), or grant what "
            "examples/snowflake/grants.sql grants."
        )
    return DeliveryError(
        f"{name}: the warehouse failed (Snowflake error {number}, query "
        f"{getattr(error, 'sfqid', None) or 'unknown'}). Nothing is lost: mend that, "
        "and run again."
    )
