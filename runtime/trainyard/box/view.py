"""What a box sees of the machine's files: everything to read, but for what is hidden, and almost nothing to write."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from trainyard.box.kernel import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    mount,
    set_read_only,
)

TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - the box's own
# What a program may expect of /dev, and the accelerators.
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
ACCELERATORS = ("nvidia*", "dri", "kfd", "dxg", "infiniband", "accel")
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
EMPTY_FOLDER = "mode=755,size=1m"


def arrange_files(spec: dict) -> None:
    """Mounts what the box sees. Runs as the first process of its namespaces, while that has its privileges."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    shown = open_all([path for path in (*spec["show"], *own_folders()) if Path(path).exists()])
    written = open_all(spec["write"])
    devices = open_all(list_devices())
    [(_, temp)] = open_all([spec["temp"]])
    set_read_only("/", on=True)
    for folder in TEMPORARY:
        lay(temp, folder)
        set_read_only(folder, on=False)
    hidden = [str(place) for place in outermost(spec["hide"]) if hide(place)]
    # From the outside in: a folder that may be written can lie in one that is only shown.
    for path, descriptor in sorted(shown + written):
        bring_back(descriptor, path)
        set_read_only(path, on=(path, descriptor) in shown)
    make_devices(devices)
    for folder in set(hidden) - {path for path, _ in shown + written}:
        set_read_only(folder, on=True, below=False)
    mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for descriptor in (temp, *(descriptor for _, descriptor in shown + written + devices)):
        os.close(descriptor)


def open_all(paths: list[str]) -> list[tuple[str, int]]:
    """A handle of each path, by which it can be found again when something lies over it."""
    return [(path, os.open(path, os.O_PATH)) for path in dict.fromkeys(paths)]


def own_folders() -> list[str]:
    """Where this Python and its packages are, as far as that is a place of their own."""
    prefixes = {str(Path(sys.executable).parents[1]), sys.prefix, sys.base_prefix}
    return sorted(prefixes - {"/", "/usr", "/usr/local"})


def outermost(paths: list[str]) -> list[Path]:
    """The places of these paths that are there, without those that lie in another."""
    places = {real for real in (Path(path).resolve() for path in paths) if real.exists()}
    return sorted(place for place in places if places.isdisjoint(place.parents))


def hide(place: Path) -> bool:
    """Lays an empty folder over a folder, or an empty file over a file; whether it was a folder."""
    if place.is_dir():
        mount("tmpfs", str(place), "tmpfs", MS_NOSUID | MS_NODEV, EMPTY_FOLDER)
        return True
    mount("/dev/null", str(place), None, MS_BIND)
    return False


def bring_back(descriptor: int, path: str) -> None:
    """Shows at a path what was there before something was laid over it."""
    target = Path(path)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            target.mkdir()
        else:
            target.touch()
    lay(descriptor, path)


def lay(descriptor: int, path: str) -> None:
    """Lays the file or folder of a handle over a path."""
    mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)


def list_devices() -> list[str]:
    """Devices that the box keeps, those that are there."""
    named = [Path("/dev", name) for name in DEVICES]
    found = [path for pattern in ACCELERATORS for path in sorted(Path("/dev").glob(pattern))]
    return [str(path) for path in named + found if path.exists()]


def make_devices(devices: list[tuple[str, int]]) -> None:
    """A `/dev` in which nothing leads to a disk, or to somebody else's terminal."""
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, EMPTY_FOLDER)
    for path, descriptor in devices:
        bring_back(descriptor, path)
    for name, target in DEVICE_LINKS.items():
        Path("/dev", name).symlink_to(target)
    for name, kind, options in (("shm", "tmpfs", "mode=1777"), ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620")):
        Path("/dev", name).mkdir()
        mount(kind, f"/dev/{name}", kind, MS_NOSUID | MS_NOEXEC, options)
    set_read_only("/dev", on=True, below=False)
