"""The process that reads Avro files, fenced in: memory, processor time, output.

Speaks JSON by the line: {"path", "out", "first"} comes in, and {"outcome", "reason",
"rows", "set_aside", "columns", "is_quoted"} goes out. A bomb ends this process, never
the load.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import stat
import sys
from typing import Any, BinaryIO

from .container import FILE_BYTES, TOO_LARGE, Partial, Refused, blocks, read_header
from .rows import Lines
from .schema import columns_of

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 60
"""For one file; a file of 100,000 events takes about one."""
OUT_BYTES = 2 << 30

_OURS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS),
    *(errno.ENOMEM, errno.EMFILE, errno.ENFILE),
}
"""What the system says where the disk or the machine is full, whatever the file."""


def main() -> None:
    """Answer requests until there are no more."""
    # Ctrl-C is for the load to hear, which lets this file end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "darwin":  # macOS knows no such limit; ours in the reader hold.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUT_BYTES, OUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        request = json.loads(line)
        _allow_cpu(CPU_SECONDS)
        answer = _answer(request["path"], request["out"], request["first"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _allow_cpu(seconds: int) -> None:
    """So many seconds from now on; then the system ends this process (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, hard))


def _answer(path: str, out: str, first: int) -> dict[str, Any]:
    try:
        return {"outcome": "read", "reason": None, **_read(path, out, first)}
    except Refused as error:
        return {"outcome": "refused", "reason": str(error)}
    except MemoryError:
        reason = f"reading it takes more than {MEMORY_BYTES >> 30} GiB of memory"
        return {"outcome": "refused", "reason": reason}
    except (Partial, FileNotFoundError) as error:
        reason = str(error) if isinstance(error, Partial) else "it is gone"
        return {"outcome": "partial", "reason": reason}
    except OSError as error:
        if error.errno == errno.EFBIG:  # Nothing but our own limit says that.
            reason = f"it becomes more than {OUT_BYTES >> 30} GiB of text"
            return {"outcome": "refused", "reason": reason}
        is_ours = error.errno in _OURS or error.filename == out
        outcome = "fault" if is_ours else "unreadable"
        return {"outcome": outcome, "reason": error.strerror or type(error).__name__}


def _read(path: str, out: str, first: int) -> dict[str, Any]:
    # A link or a pipe under a file's name would lead, or wait, elsewhere.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(path, flags), "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            msg = "this is no regular file"
            raise Refused(msg)
        if before.st_size > FILE_BYTES:
            raise Refused(TOO_LARGE)
        found = _convert(file, out, first)
        after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            msg = "it was written to while it was read"
            raise Partial(msg)
        return found


def _convert(file: BinaryIO, out: str, first: int) -> dict[str, Any]:
    header = read_header(file)
    columns = columns_of(header.schema)
    lines, rows = Lines(columns, first), 0
    with open(out, "wb") as text:  # noqa: PTH123 - pathlib costs a worker's start 10 ms
        for count, data in blocks(file, header):
            for chunk in lines.of(data, count):
                text.write(chunk)
            rows += count
    return {
        "rows": rows - lines.set_aside,
        "set_aside": lines.set_aside,
        "columns": [(column.name, column.type) for column in columns],
        "is_quoted": lines.is_quoted,
    }


if __name__ == "__main__":
    main()
