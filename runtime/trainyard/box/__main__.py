"""Runs a command where it sees nothing of the job that starts it: `python -I -S start.py box SPEC`, SPEC in JSON.

Level `namespaces`: its processes see only each other, and all of them end with the first; every file is read-only but
what `write` names; what `hide` names is empty, but for what `show` and `write` name in it; what `secret` names is empty
whatever they name; without `network` there is no way out. Needs Linux 5.12, and root or user namespaces. Level
`process`: the command, and all that it starts, is held to its limits and ended with it; it may look at whatever its
user may. On both it can win no privilege, and has the environment that this was started with. Ends with 70 where it
can't be made, with 71 where a limit was broken; a line says so.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from trainyard.box.keeper import END_SIGNALS, UNBOXED, end_all, exit_code, find_readable, keep, say
from trainyard.box.kernel import (
    NOBODY,
    adopt_orphans,
    die_with_parent,
    enter_namespaces,
    give_up_privileges,
    hide_process,
    raise_loopback,
)
from trainyard.box.view import arrange_files


def main() -> int:
    """Makes the box, waits for what runs in it, and gives its exit code."""
    spec = json.loads(sys.argv[1])
    # The command hears of an end in its own way; this process stays, to end the rest and to tell how it ended.
    for number in END_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    try:
        # With the first process of a namespace all in it ends; without one, it is this process that ends the others.
        die_with_parent(signal.SIGKILL if spec["level"] == "namespaces" else signal.SIGHUP)
        if spec["nobody"]:
            for folder in (spec["temp"], *spec["write"]):
                os.chown(folder, NOBODY, NOBODY)
        return keep_in_namespaces(spec) if spec["level"] == "namespaces" else keep_as_process(spec)
    except OSError as error:
        return refuse(error)


def keep_in_namespaces(spec: dict) -> int:
    """The command in namespaces of its own. With their first process, everything in them ends."""
    enter_namespaces(network=spec["network"])
    first = os.fork()
    if first != 0:
        return exit_code(os.waitpid(first, 0)[1])
    if os.getpid() != 1:
        # Whatever is seen from here is ended with the command: it must be the box's, and nobody else's.
        os._exit(refuse(OSError("no namespace of processes was made")))
    try:
        die_with_parent()
        has_own_proc = arrange_files(spec)
        if not spec["network"]:
            raise_loopback()
        os.chdir(spec["cwd"])
        give_up_privileges(nobody=spec["nobody"])
        hide_process()
        if not has_own_proc:
            require_closed_proc()
    except OSError as error:
        os._exit(refuse(error))
    # With this process, everything in its namespace ends.
    os._exit(keep(spec, die_with_parent))


def require_closed_proc() -> None:
    """In the machine's /proc the box sees the processes of others. Raises an OSError where it could look into one.

    To users of another user namespace the kernel shows nothing of a process but that it is there, and its command line.
    """
    if readable := find_readable():
        raise OSError(f"there is no /proc of its own, and in the machine's it could look into process {readable[0]}")
    say("there is no /proc of its own here: it sees that other processes are there, and can look into none")


def keep_as_process(spec: dict) -> int:
    """The command as a process among others, with whatever it leaves behind."""
    adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
    os.chdir(spec["cwd"])
    code = keep(spec, lambda: give_up_privileges(nobody=spec["nobody"]))
    end_all()
    return code


def refuse(error: OSError) -> int:
    """Says that there is no box."""
    say(f"it can't be made here: {error}")
    return UNBOXED


if __name__ == "__main__":
    sys.exit(main())
