"""The lease: one push at a time, and a dead holder stands in nobody's way.

The lease is a row in the ledger. A holder that died on this machine is known by its
process; one on another machine by the time at which its lease runs out.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from .errors import ConfigError, LeaseError
from .ledger import Ledger, utcnow

LEASE_SECONDS = 120
TRUSTED_SECONDS = 80
"""How long after its last extension a holder may begin requests."""

_NAME = "push"


@dataclass(frozen=True, slots=True)
class Lease:
    """Our hold on the ledger; `epoch` rises with every holder."""

    holder: str
    epoch: int


def acquire(ledger: Ledger) -> Lease:
    """Take the lease, or raise LeaseError naming who holds it and until when.

    What was read must still stand when it is written: of two that find a lease free,
    one gets it, and none takes one that its holder has extended meanwhile.
    """
    held_by, last_epoch, expires_at = _read(ledger)
    now = utcnow()
    if held_by and expires_at > now and not _is_dead(held_by):
        host, pid = held_by.split("/")[:2]
        msg = (
            f"Another push is at work: process {pid} on {host} holds the lease "
            f"until {expires_at:%H:%M:%S} UTC. Wait for it to end."
        )
        raise LeaseError(msg)
    lease = Lease(_this_process(), last_epoch + 1)
    taken = ledger.connection.change(
        f"update {ledger.lease} set holder = ?, epoch = ?, acquired_at = ?, "
        "expires_at = ? "
        "where lease = ? and epoch = ? and holder = ? and expires_at = ?",
        [
            *(lease.holder, lease.epoch, now, now + timedelta(seconds=LEASE_SECONDS)),
            *(_NAME, last_epoch, held_by, expires_at),
        ],
    )
    if not taken:
        msg = "Another push has just begun and holds the lease. Wait for it to end."
        raise LeaseError(msg)
    return lease


def _read(ledger: Ledger) -> tuple[str, int, datetime]:
    """(holder, epoch, expires at) of the lease; dbt has made its one row."""
    rows = ledger.connection.execute(
        f"select holder, epoch, expires_at from {ledger.lease} where lease = ?", [_NAME]
    ).fetchall()
    if not rows:
        msg = f"{ledger.lease} has no row yet. Run: runner build"
        raise ConfigError(msg)
    if len(rows) > 1:
        msg = (
            f"{ledger.lease} has {len(rows)} rows where lease = '{_NAME}', so two "
            "pushes may hold it. While none is at work, delete all of them; then run: "
            "runner build"
        )
        raise ConfigError(msg)
    held_by, epoch, expires_at = rows[0]
    return held_by, int(epoch), expires_at


def holder(ledger: Ledger) -> str | None:
    """Who is at work, as "process 42 on host", or None."""
    row = ledger.connection.execute(
        f"select holder, expires_at from {ledger.lease} where lease = ?", [_NAME]
    ).fetchone()
    if not row or not row[0] or row[1] <= utcnow() or _is_dead(row[0]):
        return None
    host, pid = row[0].split("/")[:2]
    return f"process {pid} on {host}"


def extend(ledger: Ledger, lease: Lease) -> None:
    """Hold on for another while; raise LeaseError if somebody took it over."""
    kept = ledger.connection.change(
        f"update {ledger.lease} set expires_at = ? where lease = ? and epoch = ? "
        "and holder = ?",
        [utcnow() + timedelta(seconds=LEASE_SECONDS), _NAME, lease.epoch, lease.holder],
    )
    if not kept:
        msg = (
            "Another push took the lease over; this one stops and settles nothing more."
        )
        raise LeaseError(msg)


def release(ledger: Ledger, lease: Lease) -> None:
    """Let the next push start at once; the epoch stays, so that it keeps rising."""
    ledger.connection.execute(
        f"update {ledger.lease} set holder = '', expires_at = acquired_at "
        "where lease = ? and epoch = ?",
        [_NAME, lease.epoch],
    )


def _this_process() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{_place()}/{_started(os.getpid())}"


def _place() -> str:
    """Where a process number means something: this boot, this PID namespace. Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8")
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return ""
    return f"{boot.strip()} {space}"


def _started(pid: int) -> str:
    """When a living process began: a reused number is not taken for it. Linux only."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _is_dead(holder: str) -> bool:
    """Whether the holder is known to be gone; from elsewhere nobody can know."""
    host, pid, *rest = holder.split("/")
    if len(rest) != 2:
        return False
    place, started = rest
    if (host, place) != (socket.gethostname(), _place()):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(pid)) != started
