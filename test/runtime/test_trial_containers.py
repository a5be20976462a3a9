"""A training in a container (`docker_env`): what its engine is asked once it is over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from trainyard.search.project_process import ProjectProcess
from trainyard.search.settings import Project

if TYPE_CHECKING:
    from pathlib import Path

# Writes its words down, and lists one container.
DOCKER = """#!/bin/sh
echo "$DOCKER_HOST $*" >> {log}
if [ "$1" = ps ]; then echo 0c0ffee; fi
exit {code}
"""


def run_trial(folder: Path, label: str | None, code: int = 0) -> tuple[list[str], str]:
    """What docker was asked around a trial of the run `abc`, and the box that the trial was started with."""
    log, program = folder / "log", folder / "docker"
    program.write_text(DOCKER.format(log=log, code=code))
    program.chmod(0o755)
    process = ProjectProcess(
        Project(
            start=(sys.executable, "-c", "import sys; print(sys.argv[1])"),
            box={"command": ["mlflow", "run", "--run-id", "@run"]},
            variables={"PATH": f"{folder}:/usr/bin:/bin", "DOCKER_HOST": "unix:///engine.sock"},
            cwd=str(folder),
            parameters={},
            timeout_seconds=60,
            container_label=label,
        ),
        "abc",
        {"lr": 0.5},
        None,
    )
    process.wait(30)
    process.end()
    return (log.read_text().splitlines() if log.exists() else []), "".join(process.tail)


def test_the_container_of_a_trial_is_told_by_its_run_and_goes_with_it(tmp_path: Path):
    asked, box = run_trial(tmp_path, "trainyard.run")
    assert '"abc", "--docker-args", "l=trainyard.run=abc", "-P", "lr=0.5"' in box
    assert asked == [
        "unix:///engine.sock ps --all --quiet --filter label=trainyard.run=abc",
        "unix:///engine.sock rm --force --volumes 0c0ffee",
    ]


def test_an_engine_that_fails_fails_no_trial_and_is_told_of(tmp_path: Path, capsys):
    run_trial(tmp_path, "trainyard.run", code=1)
    assert "Containers of this trial may still run" in capsys.readouterr().out


def test_a_trial_in_no_container_asks_no_engine(tmp_path: Path):
    asked, box = run_trial(tmp_path, None)
    assert asked == []
    assert "--docker-args" not in box
