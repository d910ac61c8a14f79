"""Files of Currents in a folder of this machine."""

from __future__ import annotations

import os
import stat
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
        self.links: list[str] = []
        if not self._path.exists():
            msg = f"{path}: no such file or folder."
            raise ConfigError(msg)

    def list(self) -> Iterator[Listed]:
        """Yield every Avro file. Links are noted: they may lead anywhere, or round."""
        if self._path.is_file():
            yield _listed(self._path, self._path.stat())
            return

        def stop(error: OSError) -> None:
            if isinstance(error, FileNotFoundError):
                return  # A folder that has gone meanwhile.
            msg = f"{error.filename}: cannot be read: {error.strerror}."
            raise ConfigError(msg) from None

        for folder, folders, names in os.walk(self._path, onerror=stop):
            paths = (str(Path(folder, name)) for name in folders)
            self.links += filter(os.path.islink, paths)
            for name in names:
                if not name.endswith(".avro"):
                    continue
                path = Path(folder, name)
                try:
                    found = path.lstat()
                except FileNotFoundError:
                    continue  # A writer has renamed it meanwhile.
                except OSError:
                    # Its folder may be listed and not entered: reading will say so.
                    yield Listed(str(path), 0, "")
                    continue
                if stat.S_ISLNK(found.st_mode):
                    self.links.append(str(path))
                else:
                    yield _listed(path, found)

    def fetch(self, path: str, etag: str, copy: Path) -> Path:  # noqa: ARG002 - as S3 needs them
        """The file is here already."""
        return Path(path)


def _listed(path: Path, found: os.stat_result) -> Listed:
    return Listed(str(path), found.st_size, str(found.st_mtime_ns))
