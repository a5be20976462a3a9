"""Runs pip where it can start no other program: `python -I -S start.py environments.wheels_only PIP install …`.

PIP is the folder that holds the package `pip`. `--only-binary :all:` alone is not enough: a wheel may require a package
at an address, and pip builds that from its source, whatever it was told. Building, and fetching by git, begin with
another program; this process may start none.
"""

from __future__ import annotations

import importlib.machinery
import runpy
import sys

FORBIDDEN = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}


class PipFinder:
    """Finds the package `pip` in its folder, and nothing that lies beside it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:  # noqa: ARG002 - Python's own
        """As Python asks for it."""
        return importlib.machinery.PathFinder.find_spec(name, [self.folder]) if name == "pip" else None


def start_nothing(event: str, arguments: tuple[object, ...]) -> None:
    """Hears what the interpreter is about to do. What pip asks other programs for, it can do without."""
    if event in FORBIDDEN:
        raise PermissionError(f"a package is to be built or fetched by a program, which is not done: {arguments[0]!r}")


def main() -> None:
    """Gives the rest of the command line to pip."""
    sys.meta_path.insert(0, PipFinder(sys.argv.pop(1)))
    sys.addaudithook(start_nothing)
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
