"""What a box sees of the machine's files: everything to read, but for what is hidden, and almost nothing to write."""

from __future__ import annotations

import os
import stat
import sys
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trainyard.box.kernel import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    copy_mounts,
    lay_mounts,
    mount,
    set_read_only,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - the box's own
# What a program may expect of /dev, and the accelerators.
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
ACCELERATORS = (
    *("nvidia*", "gdrdrv", "dri", "kfd", "dxg", "infiniband", "accel", "apex_*", "neuron*", "habanalabs*"),
    *("davinci*", "devmm_svm", "hisi_hdc"),
)
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
EMPTY_FOLDER = "mode=755,size=1m"


def arrange_files(spec: dict) -> bool:
    """Mounts what the box sees; whether it has a /proc of its own.

    Runs as the first process of its namespaces, while that has its privileges.
    """
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    shown = [*spec["show"], *own_folders(spec["hide"])]
    links = {path: place for path in shown if (place := Path(path).resolve()) != Path(path)}
    # Copied before anything is hidden: else a hidden folder that is shown would come back empty.
    places = plan_places(spec, shown)
    devices = [(path, copy_mounts(path)) for path in list_devices()]
    set_read_only("/", on=True)
    # From the outside in: in a folder that is shown, one that is hidden may lie, and in that, one that may be written.
    hidden = [str(place) for place, laid in sorted(places.items(), key=itemgetter(0)) if put(place, laid)]
    for path, place in links.items():
        restore_link(Path(path), place)
    make_devices(devices)
    for folder in hidden:
        set_read_only(folder, on=True, below=False)
    return mount_proc()


def mount_proc() -> bool:
    """A `/proc` of the box's own, which users are refused where something lies over a part of it, as with GPUs."""
    try:
        mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except PermissionError:
        return False
    return True


class Laid(NamedTuple):
    """What is laid over a place: what a handle leads to, or nothing where there is none."""

    handle: int | None
    writable: bool = False


def plan_places(spec: dict, shown: list[str]) -> dict[Path, Laid]:
    """What is laid where. Of two words on one place, the later counts: nothing that is shown brings back a secret."""
    places = dict.fromkeys(find(spec["hide"]), Laid(None))
    places |= {place: Laid(copy_mounts(str(place))) for place in find(shown)}
    places |= {place: Laid(copy_mounts(str(place)), writable=True) for place in find(spec["write"])}
    places |= {place: Laid(copy_mounts(spec["temp"]), writable=True) for place in find(TEMPORARY)}
    return places | dict.fromkeys(find(spec["secret"]), Laid(None))


def find(paths: Iterable[str]) -> set[Path]:
    """The places of these paths that are there."""
    return {place for place in (Path(path).resolve() for path in paths) if is_there(place)}


def is_there(place: Path) -> bool:
    """Whether this user can find it."""
    try:
        place.stat()
    except OSError:
        return False
    return True


def own_folders(hide: list[str]) -> list[str]:
    """Where this Python and its packages are, as far as that is a place of their own."""
    prefixes = {str(Path(sys.executable).parents[1]), sys.prefix, sys.base_prefix} - {"/", "/usr", "/usr/local"}
    # Of one that is hidden as a whole, such as a home, the folders of Python alone.
    shared = prefixes & {str(place) for place in find(hide)}
    own = {str(Path(prefix, name)) for prefix in shared for name in ("bin", "lib", "lib64", "pyvenv.cfg")}
    return sorted(prefixes - shared | own)


def put(place: Path, laid: Laid) -> bool:
    """Lays it over the place; whether that is an empty folder now."""
    if laid.handle is not None:
        bring_back(laid.handle, place)
        if not laid.writable:
            set_read_only(str(place), on=True)
        return False
    if place.is_dir():
        mount("tmpfs", str(place), "tmpfs", MS_NOSUID | MS_NODEV, EMPTY_FOLDER)
        return True
    if place.exists():
        mount("/dev/null", str(place), None, MS_BIND)
    return False


def bring_back(handle: int, place: Path) -> None:
    """Lays what a handle leads to over a place, which may have gone with a folder around it."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            place.mkdir()
        else:
            place.touch()
    lay_mounts(handle, str(place))
    os.close(handle)


def restore_link(path: Path, place: Path) -> None:
    """Lets a path lead to its place again, where the link on its way has gone with a folder around it."""
    if place.exists() and not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(place)


def list_devices() -> list[str]:
    """Devices that the box keeps, those that are there."""
    named = [Path("/dev", name) for name in DEVICES]
    found = [path for pattern in ACCELERATORS for path in sorted(Path("/dev").glob(pattern))]
    return [str(path) for path in named + found if path.exists()]


def make_devices(devices: list[tuple[str, int]]) -> None:
    """A `/dev` in which nothing leads to a disk, or to somebody else's terminal."""
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, EMPTY_FOLDER)
    for path, handle in devices:
        bring_back(handle, Path(path))
    for name, target in DEVICE_LINKS.items():
        Path("/dev", name).symlink_to(target)
    for name, kind, options in (("shm", "tmpfs", "mode=1777"), ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620")):
        Path("/dev", name).mkdir()
        mount(kind, f"/dev/{name}", kind, MS_NOSUID | MS_NOEXEC, options)
    set_read_only("/dev", on=True, below=False)
