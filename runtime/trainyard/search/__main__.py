"""Searches for the best parameters of an MLflow Project: `python -I start.py search --spec FILE --out FILE`.

The address of the storage is the variable TRAINYARD_SEARCH_STORAGE. It can be killed at any moment and started again:
it goes on with the study where it was, and every asked trial ends exactly once.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from trainyard.boxed_model import SIGNAL_CODE
from trainyard.command import run_command
from trainyard.errors import UserError
from trainyard.files import write_json
from trainyard.search.settings import read_settings, read_storage

# Storages of this Optuna and later know the retries and the sampler that are meant here.
OPTUNA_MAJOR = 5


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="trainyard search", description="Searches for the best parameters.")
    parser.add_argument("--spec", type=Path, required=True, help="what is searched for, as JSON")
    parser.add_argument("--out", type=Path, help="where what came of it goes")
    parser.add_argument("--progress", type=Path, help="where it says how far it is")
    parser.add_argument("--worker", help="be the worker of this name")
    parser.add_argument("--gpus", help="CUDA_VISIBLE_DEVICES of that worker's trainings")
    return run_command(parser, run, argv)


def run(options: argparse.Namespace) -> None:
    """Looks after a search, or works for one."""
    require_optuna()
    # They import Optuna, which may not have been there.
    from trainyard.search.progress import describe_result  # noqa: PLC0415
    from trainyard.search.supervisor import Supervisor  # noqa: PLC0415
    from trainyard.search.worker import work  # noqa: PLC0415

    settings = read_settings(options.spec)
    url = read_storage()
    if options.worker is not None:
        work(settings, url, options.worker, options.gpus)
        return
    signal.signal(signal.SIGTERM, leave)
    shared = Supervisor(settings, url, options.spec, options.progress).run()
    write_json(options.out, describe_result(shared))


def leave(number: int, _frame: object) -> None:
    """Ends on the way that ends all workers, and not as if the search were over."""
    sys.exit(SIGNAL_CODE + number)


def require_optuna() -> None:
    """Raises a UserError where there is no Optuna that this was made for."""
    try:
        import optuna  # noqa: PLC0415 - whether it is there is the question
    except ModuleNotFoundError as error:
        raise UserError(
            "no-optuna",
            "The model's environment on this runner has no Optuna, which a search needs.",
            f"Install it there: pip install 'optuna>={OPTUNA_MAJOR},<{OPTUNA_MAJOR + 1}'.",
        ) from error
    if int(optuna.__version__.split(".", maxsplit=1)[0]) != OPTUNA_MAJOR:
        raise UserError(
            "other-optuna",
            f"The model's environment on this runner has Optuna {optuna.__version__}, a search needs {OPTUNA_MAJOR}.",
            f"Install it there: pip install 'optuna>={OPTUNA_MAJOR},<{OPTUNA_MAJOR + 1}'.",
        )


if __name__ == "__main__":
    sys.exit(main())
