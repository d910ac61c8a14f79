"""Files as a bad month brings them: shuffled, doubled, cut, and a load that is killed.

A thousand of them, by hand: python -m tests.currents.replay 1000
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from runner.currents import load as loading

from .files import OPEN, SEND, Desk, events, make_desk, write

CLICK = "users.messages.email.Click"
HOURS = 24
_A_FEW = 20
"""Files in a batch, so that a load of few files, too, is several transactions."""
_BATCHES_OF_A_FEW = f"import runner.currents.load as load; load.BATCH_FILES = {_A_FEW}"


def fill(desk: Desk, count: int, seed: int) -> list[Path]:
    """Write `count` files; an event in ten is in another file of its type as well."""
    rnd = random.Random(seed)
    paths = []
    for at in range(count):
        event_type = rnd.choice((OPEN, SEND, CLICK))
        new = rnd.random() < 0.5
        path = desk.path(
            event_type,
            f"2026-11-{1 + at % 9:02}-{rnd.randrange(HOURS):02}",
            schema_id=12 + new,
            offset=at,
        )
        # The same numbers in the same type are the same events, all fields alike.
        numbers = [rnd.randrange(count * 25) for _ in range(rnd.randrange(60))]
        more = {"browser": ["null", "string"]} if new else {}
        paths.append(write(path, events(numbers), more))
    return paths


def replay(folder: Path, count: int, seed: int) -> tuple[Desk, Desk, int]:
    """Load clean in one desk and badly in another; return both and the kills."""
    rnd = random.Random(seed)
    clean = make_desk(folder / "clean")
    paths = fill(clean, count, seed)
    clean.load()
    bad = make_desk(folder / "bad")
    arrivals = [path.relative_to(clean.files) for path in paths]
    doubled = rnd.sample(arrivals, count // 5)
    rnd.shuffle(arrivals)
    waves = [arrivals[at::2] for at in range(2)]
    kills = 0
    for wave in waves:
        for path in wave:
            _arrive(clean, bad, path, share=rnd.choice((1, 1, 1, rnd.random())))
        kills += _kill(bad, rnd.random())
        with patch.object(loading, "BATCH_FILES", _A_FEW):
            bad.load()
    for path in doubled:
        copy = bad.files / path.with_name(f"again-{path.name}")
        shutil.copy(clean.files / path, copy)
    for path in arrivals:
        _arrive(clean, bad, path, share=1)
    kills += _kill(bad, rnd.random())
    bad.load()
    return clean, bad, kills


def _arrive(clean: Desk, bad: Desk, path: Path, *, share: float) -> None:
    """Copy a file, or its beginning."""
    target = bad.files / path
    target.parent.mkdir(parents=True, exist_ok=True)
    content = (clean.files / path).read_bytes()
    target.write_bytes(content[: int(len(content) * share)])


def _kill(desk: Desk, share: float) -> bool:
    """Start a load and kill it somewhere in its work; whether that met it alive."""
    process = subprocess.Popen(
        desk.command("load", str(desk.files), before=_BATCHES_OF_A_FEW),
        cwd=desk.directory,
        env=desk.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    working = desk.directory / "target" / "currents" / "reading"
    while process.poll() is None and not working.exists():
        time.sleep(0.005)
    time.sleep(share * 0.5)
    process.kill()
    return process.wait() == -signal.SIGKILL


def main() -> None:
    """Replay as many files as the command line says."""
    count = int(sys.argv[1]) if sys.argv[1:] else 1_000
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        clean, bad, kills = replay(Path(folder), count, seed=count)
        equal = clean.tables() == bad.tables()
        rows = sum(len(found) for _, found in clean.tables().values())
    seconds = time.monotonic() - began
    print(
        f"{count:,} files, {rows:,} events, {kills} kills in {seconds:.0f} s: "
        + ("the same tables" if equal else "THE TABLES DIFFER")
    )
    sys.exit(not equal)


if __name__ == "__main__":
    main()
