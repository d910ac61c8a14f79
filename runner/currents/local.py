"""Files of Currents in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import ConfigError
from .layout import Listed


class LocalPlace:
    """A folder, or a single file."""

    waits = False
    """Whether fetching a file is waiting for somebody else."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).resolve()
        if not self._path.exists():
            msg = f"{path}: no such file or folder."
            raise ConfigError(msg)

    def list(self) -> Iterator[Listed]:
        """Yield every Avro file; links are not followed."""
        if self._path.is_file():
            yield _listed(self._path, self._path.stat())
            return

        def stop(error: OSError) -> None:
            msg = f"{error.filename}: cannot be read: {error.strerror}."
            raise ConfigError(msg) from None

        for folder, _, names in os.walk(self._path, onerror=stop):
            for name in names:
                path = Path(folder, name)
                if not name.endswith(".avro") or path.is_symlink():
                    continue
                try:
                    yield _listed(path, path.stat())
                except FileNotFoundError:
                    continue  # A writer has renamed it meanwhile.

    def fetch(self, path: str, etag: str, copy: Path) -> Path:  # noqa: ARG002 - as S3 needs them
        """The file is here already."""
        return Path(path)


def _listed(path: Path, found: os.stat_result) -> Listed:
    return Listed(str(path), found.st_size, str(found.st_mtime_ns))
