"""The folder of environments that were built: a few, each by the digest of what it was made of.

Whoever uses or builds one holds the lock beside it, so that nothing goes that is used, and nothing is built twice.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import stat
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from trainyard.errors import UserError
from trainyard.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOST_ENVIRONMENTS = 8
MOST_BYTES = 60_000_000_000
# Written last: an environment without it was never finished.
MARK = "trainyard-environment.json"
# What lies there under another name is somebody else's.
OURS = re.compile(r"([0-9a-f]{64})(\.building|\.lock)?")


@contextmanager
def keep_environment(shelf: Path, digest: str, build: Callable[[Path], dict[str, Any]]) -> Iterator[tuple[Path, dict]]:
    """The environment of a digest and what is said of it, built if it is not there; it stays until the block ends."""
    require_own(shelf)
    folder = shelf / digest
    with hold(shelf / f"{digest}.lock", fcntl.LOCK_SH) as lock:
        while not (folder / MARK).is_file():
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / MARK).is_file():
                clear(shelf, digest)
                build_whole(folder, build)
            # For a moment nobody holds it: whoever made room then may have taken it.
            fcntl.flock(lock, fcntl.LOCK_SH)
        os.utime(folder / MARK)
        yield folder, json.loads((folder / MARK).read_text(encoding="utf-8"))


def require_own(shelf: Path) -> None:
    """Makes the folder. Raises UserError where somebody else may write to it: what lies in it is run."""
    shelf.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = shelf.stat()
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UserError(
            "environments-not-own",
            f"{shelf}, where the environments of models are kept, may be written by others than this job's user.",
            "Name a folder of the runner's own user in TRAINYARD_ENVIRONMENTS (docs/runners.md).",
        )


def build_whole(folder: Path, build: Callable[[Path], dict[str, Any]]) -> None:
    """Builds beside the place and moves it there whole."""
    unfinished = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.mkdir(mode=0o755)
    try:
        said = build(unfinished)
        write_json(unfinished / MARK, {**said, "bytes": measure_folder(unfinished)})
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def clear(shelf: Path, coming: str) -> None:
    """Makes room for one more: those that were not used for longest go, and what nobody finished."""
    ours = [OURS.fullmatch(path.name) for path in shelf.iterdir()]
    others = {name[1] for name in ours if name is not None} - {coming}
    kept = 1
    held = 0
    for digest in sorted(others, key=lambda one: last_use(shelf / one), reverse=True):
        size = read_bytes(shelf / digest)
        if size is not None and kept < MOST_ENVIRONMENTS and held + size <= MOST_BYTES:
            kept += 1
            held += size
        else:
            remove(shelf, digest)


def remove(shelf: Path, digest: str) -> None:
    """Deletes an environment, unless somebody uses or builds it."""
    path = shelf / f"{digest}.lock"
    try:
        with hold(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for name in (digest, f"{digest}.building"):
                shutil.rmtree(shelf / name, ignore_errors=True)
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return


@contextmanager
def hold(path: Path, how: int) -> Iterator[IO[str]]:
    """Holds a lock file; one that was deleted before it could be held is made anew."""
    while True:
        with path.open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, how)
            if path.exists() and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
                yield lock
                return


def last_use(folder: Path) -> float:
    """When it was used last, in seconds; never, where it was not finished."""
    mark = folder / MARK
    return mark.stat().st_mtime if mark.is_file() else 0


def read_bytes(folder: Path) -> int | None:
    """How large it is; None where it was not finished."""
    try:
        return int(json.loads((folder / MARK).read_text(encoding="utf-8"))["bytes"])
    except (OSError, ValueError, KeyError):
        return None


def measure_folder(folder: Path) -> int:
    """Bytes of all its files."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
