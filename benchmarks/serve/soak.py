"""soak: serves for minutes under load, pushes, revoked keys and reloads.

Fails unless memory is flat and every answer is right.

The rule of flat: each process that lives through the second half, in which nothing is
reloaded, has in the last third of its samples (the first quarter of that half left out)
at most 3 MB or 5 % more memory of its own than in the first third, by their medians.
Pages of the store that are mapped are not its own: the kernel takes them back.
"""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from runner.store import Store, open_store

from ..measure import note, table
from .clients import Load, finish, start
from .filled import FOLDER, access_key, filled
from .memory import memory, tree
from .pushes import hot_of, pushing
from .records import HOUSEHOLD, key_url, targets, urls_of
from .servers import Serving, ours

MOST_MB, MOST_SHARE = 3.0, 0.05
REVOKED_SECONDS = 5.0
_RELOADS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Parts of the whole time at which workers are replaced."""
_KEYS_EVERY = 15.0
_PUSH_PAUSE = 3.0


@dataclass(slots=True)
class _Seen:
    """What a soak saw beside the load."""

    samples: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    """Process -> seconds since the beginning, MB of its own."""
    revoked: int = 0
    slowest: float = 0.0
    """Seconds until a revoked key opened nothing."""
    reloads: int = 0
    complaints: list[str] = field(default_factory=list)


def soak(minutes: float, *, records: int, rate: int) -> None:
    """Print what was found; ends with 1 when anything is not as it should be."""
    seconds = minutes * 60
    kept = filled(records, 3, most=HOUSEHOLD, anew=True)
    path = targets(FOLDER / "targets", records, urls_of(3))
    before = _size(kept.path)
    store = open_store(str(kept.path))
    with ours(kept, workers=2, pinned=False) as serving:
        client = start(serving, path, rate=rate, seconds=seconds, pinned=False)
        pusher = pushing(kept.path, hot_of(records), 0, _PUSH_PAUSE, records)
        seen = _watch(serving, store, client, seconds)
        found = finish(client)
        pusher.terminate()
        pushed, _ = pusher.communicate(timeout=120)
    store.close()
    path.unlink()
    if pusher.returncode:
        seen.complaints.append(f"the pusher ended with {pusher.returncode}")
    rows = _memory(seen, seconds)
    seen.complaints += [f"{name}: memory grew" for name, *_, ok in rows if ok == "no"]
    seen.complaints += _wrongs(found)
    print(
        table(
            f"soak: {minutes:g} minutes, {records:,} records, {rate:,} requests/s, two "
            f"workers, {pushed.split()[0]} pushes, {seen.reloads} reloads, "
            f"{seen.revoked} keys revoked, each within {seen.slowest:.1f} s",
            ["process", "first MB", "last MB", "more MB", "flat"],
            rows,
        )
    )
    print(
        f"\n{found.answered:,} answers: {found.errors} errors, {found.wrong} wrong, "
        f"{found.torn} torn, {found.backwards} backwards, {found.retried} retried; "
        f"p50 {found.p50:.2f} ms, p99 {found.p99:.2f} ms, worst {found.max:.0f} ms; "
        f"store {before / 1e6:.0f} MB before, {_size(kept.path) / 1e6:.0f} MB after."
    )
    if seen.complaints:
        sys.exit("\n".join(seen.complaints))


def _watch(
    serving: Serving, store: Store, client: subprocess.Popen[str], seconds: float
) -> _Seen:
    """Sample memory, revoke keys and reload until the client is done."""
    seen = _Seen()
    began = time.monotonic()
    left = [part * seconds for part in _RELOADS]
    keys_at = 1.0
    while client.poll() is None:
        at = time.monotonic() - began
        note(f"soak: {at:.0f} of {seconds:.0f} s")
        if left and at >= left[0]:
            left.pop(0)
            serving.process.send_signal(signal.SIGHUP)
            seen.reloads += 1
        if at >= keys_at and at < seconds - REVOKED_SECONDS:
            keys_at = at + _KEYS_EVERY
            _revoke(serving, store, seen)
        for pid in tree(serving.process.pid):
            found = memory(pid)
            if found:
                seen.samples.setdefault(pid, []).append((at, found.anonymous))
        time.sleep(0.5)
    note("")
    return seen


def _revoke(serving: Serving, store: Store, seen: _Seen) -> None:
    """Make a key, use it, revoke it, and wait until it opens nothing."""
    text, name = access_key(store)
    if _status(serving, text) != 200:
        seen.complaints.append("a new key was not let in")
    store.keys.revoke(name)
    began = time.monotonic()
    # Each worker remembers keys by itself: one that refuses says nothing of the others.
    refused = 0
    while refused < 20 and time.monotonic() - began < 2 * REVOKED_SECONDS:
        status = _status(serving, text)
        refused = refused + 1 if status == 401 else 0
        if status not in {200, 401}:
            seen.complaints.append(f"a revoked key was answered {status}")
        time.sleep(0.02)
    seconds = time.monotonic() - began
    seen.revoked += 1
    seen.slowest = max(seen.slowest, seconds)
    if seconds > REVOKED_SECONDS:
        seen.complaints.append(f"a revoked key was good for {seconds:.1f} s")


def _status(serving: Serving, key: str) -> int:
    client = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=5)
    try:
        headers = {"Authorization": f"Bearer {key}"}
        client.request("GET", key_url(0), headers=headers)
        return client.getresponse().status
    finally:
        client.close()


def _memory(seen: _Seen, seconds: float) -> list[list[object]]:
    """A line for each process of the second half."""
    rows: list[list[object]] = []
    for number, (pid, samples) in enumerate(sorted(seen.samples.items())):
        settled = [mb for at, mb in samples if at >= seconds * 0.625]
        whole = samples[0][0] <= seconds * 0.625 and samples[-1][0] >= seconds * 0.95
        if not whole or len(settled) < 6:
            continue
        third = len(settled) // 3
        first, last = median(settled[:third]), median(settled[-third:])
        is_flat = last - first <= max(MOST_MB, MOST_SHARE * first)
        name = f"server {pid}" if number == 0 else f"worker {pid}"
        rows.append([name, first, last, last - first, "yes" if is_flat else "no"])
    if len(rows) < 3:
        seen.complaints.append(f"only {len(rows)} processes lived through the end")
    return rows


def _wrongs(found: Load) -> list[str]:
    counts = {
        "errors": found.errors,
        "wrong answers": found.wrong,
        "torn answers": found.torn,
        "answers older than one before": found.backwards,
        "requests unanswered": found.sent - found.answered,
    }
    return [f"{count} {name}" for name, count in counts.items() if count]


def _size(path: Path) -> int:
    return sum(each.stat().st_blocks * 512 for each in path.rglob("*"))
