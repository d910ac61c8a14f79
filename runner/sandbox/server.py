"""Owns the listening socket and its threads: a Braze on a local port.

Must not decide answers: `endpoints` answers for Braze, `admin` for the sandbox itself.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, Self

from . import admin, collector, endpoints
from . import faults as _faults
from . import state as states
from .collected import Account
from .rates import Dialect, Limits, Rate
from .state import Delays, Settings, State
from .track import Limit
from .wire import Answer, Malformed, Request, read_request, write_answer

_BACKLOG = 1024
_STOP_POLL_SECONDS = 0.05


class Sandbox:
    """A local Braze over HTTP: a context manager in tests, the `sandbox` command."""

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        api_key: str = "sandbox-key",
        permissions: Collection[str] | None = None,
        faults: dict[str, Any] | None = None,
        objects_per_request: Limit = 75,
        rate_limit: Rate | None = None,
        limits: Limits = None,
        dialect: Dialect = "epoch",
        max_body_bytes: int = 4 * 2**20,
        blocklist: Collection[str] = (),
        subscription_groups: Collection[str] | Mapping[str, str] | None = None,
        partner: str | None = None,
        partner_api_key: str = "sandbox-partner-key",
        data_import_key: str = "sandbox-import-key",
        account: Account = Account(),  # noqa: B008 - a value, never changed
        visibility_seconds: float = 0.0,
        export_seconds: float = 0.0,
        fields_seconds: float = 0.0,
        items_seconds: float = 0.0,
        strict: bool = True,
        kept_bodies: int = 1000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Bind the port; nothing is answered before `start`.

        `rate_limit` is that of /users/track, `limits` those of the other pools by
        name (see `rates`), or "none". Each `..._seconds` is how long something accepted
        stays unseen: aliases, merges and ids; everything in the export; new fields;
        catalog items. Without `strict`, only what Braze says it refuses is refused.
        """
        settings = Settings(
            api_key=api_key,
            permissions=None if permissions is None else frozenset(permissions),
            objects_per_request=objects_per_request,
            rate_limit=rate_limit,
            limits=limits,
            dialect=dialect,
            max_body_bytes=max_body_bytes,
            blocklist=frozenset(blocklist),
            subscription_groups=_names(subscription_groups),
            partner=partner,
            partner_api_key=partner_api_key,
            data_import_key=data_import_key,
            account=account,
            delays=Delays(
                visibility=visibility_seconds,
                export=export_seconds,
                fields=fields_seconds,
                items=items_seconds,
            ),
            strict=strict,
            kept_bodies=kept_bodies,
            clock=clock,
        )
        self._state = State(settings, _faults.read(faults))
        self._server = _Server((host, port), self._state)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start serving."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.stop()

    def start(self) -> None:
        """Serve from a thread until `stop`."""
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": _STOP_POLL_SECONDS},
            name="sandbox",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection; what was received stays readable."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.hang_up()

    @property
    def url(self) -> str:
        """The REST endpoint to configure."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def collector_url(self) -> str:
        """Where Movable Ink takes events."""
        return f"{self.url}/behavioral/{self._state.settings.account.key}"

    def collected(self) -> list[dict[str, Any]]:
        """Copy every event that Movable Ink took, in order."""
        return list(states.all_collected(self._state)["events"])

    def collector(self) -> dict[str, Any]:
        """Copy all that the collector knows: `events`, `refused`, `unintroduced`."""
        return states.all_collected(self._state)

    def profiles(self) -> dict[str, dict[str, Any]]:
        """Copy every profile, by external_id or `braze_id:<id>`."""
        return states.all_profiles(self._state)

    def events(self) -> list[dict[str, Any]]:
        """Copy every event as applied, in order, with the key of its profile."""
        return states.all_events(self._state)

    def purchases(self) -> list[dict[str, Any]]:
        """Copy every purchase as applied, in order, with the key of its profile."""
        return states.all_purchases(self._state)

    def catalogs(self) -> dict[str, dict[str, Any]]:
        """Copy every catalog by name: `fields` (name to type), `items` (by id)."""
        return states.all_catalogs(self._state)

    def cohorts(self) -> dict[str, dict[str, Any]]:
        """Copy every cohort by id: its `name`, and its sorted `members`."""
        return states.all_cohorts(self._state)

    def requests(self) -> list[dict[str, Any]]:
        """Copy the record of every request, oldest first."""
        return states.all_requests(self._state)

    def meters(self) -> dict[str, int]:
        """Copy the sums since the start or the last reset."""
        return states.all_meters(self._state)

    def bodies(self) -> list[Any]:
        """Parse the last bodies received, oldest first."""
        return states.last_bodies(self._state)

    def set_faults(self, config: dict[str, Any] | None) -> None:
        """Replace the faults from the next request on; None removes them."""
        states.set_faults(self._state, config)

    def reset(self) -> None:
        """Forget everything received, and start the faults over."""
        states.reset(self._state)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = _BACKLOG

    def __init__(self, address: tuple[str, int], state: State) -> None:
        self.state = state
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def hang_up(self) -> None:
        """Close the connections that callers keep open."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """Let a caller that vanished go without a traceback; a bug must show one."""
        raise  # noqa: PLE0704 - called from the except clause of the base class


class _Connection(StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        self.server.connections.add(self.connection)
        try:
            with contextlib.suppress(ConnectionError, TimeoutError):
                while self._serve_one():
                    pass
        except Malformed:
            _refuse(self.wfile)
        finally:
            self.server.connections.discard(self.connection)

    def _serve_one(self) -> bool:
        state = self.server.state
        request = read_request(
            self.rfile,
            self.wfile,
            max_body_bytes=state.settings.max_body_bytes,
        )
        if request is None:
            return False
        answer = _answer(state, request, peer=str(self.client_address[0]))
        sink = self.wfile
        return write_answer(sink, answer, is_last=request.is_last)


def _names(groups: Collection[str] | Mapping[str, str] | None) -> dict[str, str] | None:
    """Name groups after themselves where only ids are given."""
    if groups is None:
        return None
    return dict(groups) if isinstance(groups, Mapping) else {one: one for one in groups}


def _answer(state: State, request: Request, *, peer: str) -> Answer:
    if admin.is_admin(request):
        return admin.respond(state, request, peer=peer)
    if collector.is_for(request):
        return collector.respond(state, request)
    return endpoints.respond(state, request)


def _refuse(sink: Any) -> None:
    answer = Answer(400, b"Bad Request", content_type="text/plain")
    with contextlib.suppress(OSError):
        write_answer(sink, answer, is_last=True)
