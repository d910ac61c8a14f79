"""Opens a session with a Snowflake account, as dbt's profile says.

What the profile says to dbt-snowflake is handed to Snowflake's connector under its own
names; secrets are never printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import AuthError, ConfigError, DeliveryError
from ..project import Project
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
    "private_key",
    "insecure_mode",
    "client_session_keep_alive",
)
_OTHER_NAME = {
    "private_key_path": "private_key_file",
    "private_key_passphrase": "private_key_file_pwd",
    "connect_timeout": "login_timeout",
}

LOCK_SECONDS = 300
"""How long a statement waits for another session's lock before it fails: as long as a
detached transaction may live (F48 of the failure list)."""


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
    _session: SnowflakeSession | None = None

    @classmethod
    def of(cls, project: Project) -> SnowflakeAccount:
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
        tag = output.get("query_tag") or json.dumps({"app": "braze-bridge runner"})
        arguments |= {
            "application": "braze_bridge",
            "paramstyle": "qmark",
            "session_parameters": {
                "QUERY_TAG": str(tag),
                "TIMEZONE": "UTC",
                "LOCK_TIMEOUT": LOCK_SECONDS,
                # A transaction of a runner that died ends with its session.
                "ABORT_DETACHED_QUERY": True,
                "AUTOCOMMIT": True,
            },
        }
        return cls(
            name=f"{arguments['account']}/{arguments['database']}",
            arguments=arguments,
            schema=str(output.get("schema") or ""),
        )

    @contextmanager
    def open(self, *, read_only: bool = False) -> Iterator[SnowflakeSession]:  # noqa: ARG002
        """Yield the session; the account's faults become errors with a remedy."""
        from snowflake.connector import errors  # noqa: PLC0415 - half a second

        if self._session is None:
            self._session = SnowflakeSession(self.connect, self.schema)
        session = self._session
        try:
            yield session
        except errors.Error as error:
            session.end()
            self._session = None
            raise _explained(self.name, session, error) from None

    def connect(self) -> SnowflakeConnection:
        """Log in; raises ConfigError or AuthError in words without secrets."""
        from snowflake import connector  # noqa: PLC0415

        try:
            return connector.connect(**self.arguments)
        except connector.errors.DatabaseError as error:
            msg = (
                f"{self.name}: Snowflake does not let user {self.arguments['user']} in "
                f"(error {error.errno}). Look at the user, its key and its network "
                "policy: docs/snowflake.md."
            )
            raise AuthError(msg) from None
        except (connector.errors.Error, OSError, ValueError, TypeError) as error:
            msg = (
                f"{self.name}: no session with Snowflake ({type(error).__name__}). "
                "Look at account, private_key_path and its passphrase in profiles.yml."
            )
            raise ConfigError(msg) from None


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


def _explained(
    name: str, session: SnowflakeSession, error: Exception
) -> ConfigError | DeliveryError:
    """Words without data: Snowflake's own text may quote a customer's value."""
    number = getattr(error, "errno", None)
    if session.fault(error) == "missing":
        return ConfigError(
            f"{name}: the ledger or a model is not there, or this role may not see it. "
            "Run: runner build (with the same --target), or grant what "
            "examples/snowflake/grants.sql grants."
        )
    return DeliveryError(
        f"{name}: the warehouse failed (Snowflake error {number}, query "
        f"{getattr(error, 'sfqid', None) or 'unknown'}). Nothing is lost: mend that, "
        "and run again."
    )
