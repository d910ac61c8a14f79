"""Sorts more index entries than memory should hold, through files without names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

_MOST_HELD = 500_000
"""Entries held in memory, of some hundred bytes each."""
_BLOCK = 1 << 19
_LENGTHS = [length.to_bytes(2, "big") for length in range(1 << 10)]


class Runs:
    """Entries come in any order and leave sorted, each of them once."""

    def __init__(self, folder: Path, most_held: int = _MOST_HELD) -> None:
        self._folder = folder
        self._most_held = most_held
        self._held: list[bytes] = []
        self._files: list[IO[bytes]] = []

    def add(self, entries: list[bytes]) -> None:
        """Take entries of at most 1,023 bytes."""
        self._held += entries
        if len(self._held) >= self._most_held:
            self._spill()

    def sorted(self) -> Iterator[list[bytes]]:
        """All entries in blocks, sorted through; the runs are over then."""
        self._held.sort()
        if not self._files:
            yield _unlike(self._held, b"")
            return
        if self._held:
            self._spill()
        yield from self._merged()
        self.close()

    def close(self) -> None:
        """Give up the files and what they held."""
        self._held = []
        for file in self._files:
            file.close()
        self._files = []

    def _spill(self) -> None:
        self._held.sort()
        # Without a name it is gone with the process, however that ends.
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (kept open)
        file.writelines(
            part for entry in self._held for part in (_LENGTHS[len(entry)], entry)
        )
        file.seek(0)
        self._files.append(file)
        self._held = []

    def _merged(self) -> Iterator[list[bytes]]:
        """Take from every file what sorts before the first of their blocks' ends.

        Sorting runs that are sorted is a merge, and one that Python does in C.
        """
        blocks: dict[IO[bytes], list[bytes]] = {}
        rests = dict.fromkeys(self._files, b"")
        last = b""
        while rests or blocks:
            for file in list(rests):
                if not blocks.get(file):
                    blocks[file], rests[file] = _block(file, rests[file])
                    if not blocks[file]:
                        del rests[file], blocks[file]
            if not blocks:
                return
            end = min(block[-1] for block in blocks.values())
            taken: list[bytes] = []
            for file, block in blocks.items():
                count = _count_to(block, end)
                taken += block[:count]
                blocks[file] = block[count:]
            taken.sort()
            yield _unlike(taken, last)
            last = end


def _block(file: IO[bytes], rest: bytes) -> tuple[list[bytes], bytes]:
    """The next entries of a file, and the bytes of one that is not whole yet."""
    data = rest + file.read(_BLOCK)
    entries = []
    begin, size = 0, len(data)
    while begin + 2 <= size:
        end = begin + 2 + (data[begin] << 8 | data[begin + 1])
        if end > size:
            break
        entries.append(data[begin + 2 : end])
        begin = end
    return entries, data[begin:]


def _count_to(block: list[bytes], end: bytes) -> int:
    """How many entries sort up to and with this one."""
    low, high = 0, len(block)
    while low < high:
        middle = (low + high) // 2
        if block[middle] <= end:
            low = middle + 1
        else:
            high = middle
    return low


def _unlike(entries: list[bytes], last: bytes) -> list[bytes]:
    """Sorted entries without those that repeat the one before."""
    return [
        entry
        for entry, other in zip(entries, chain((last,), entries), strict=False)
        if entry != other
    ]
