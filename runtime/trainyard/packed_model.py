"""A model that was packed, in a box on the machine that builds: as a host would serve it, before any host does."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.boxed_model import BoxedModel, ModelError, add_box_option, open_box, without_gpus
from trainyard.errors import UserError
from trainyard.exactness import GPU
from trainyard.package import ARCHIVE_FILE, MANIFEST_FILE
from trainyard.runners import CPU

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractContextManager

# A package that its own handler can't load.
UNLOADABLE = "package-unloadable"


def add_package_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which package is asked, where the answer goes, and what the model's code runs in."""
    parser.add_argument("--package-dir", type=Path, required=True, help="folder of the package")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the result")
    parser.add_argument("--gpu", choices=["none", "all"], default="none", help="whether it is served on a GPU")
    add_box_option(parser)


def open_box_of(options: argparse.Namespace) -> AbstractContextManager[BoxedModel]:
    """The box that the options ask for: GPUs are in its sight only where they will be on the hosts."""
    return open_box(options.box if options.gpu == "all" else without_gpus(options.box))


def name_device(box: BoxedModel, folder: Path, gpu: str) -> str:
    """The device that a package answers on once it is loaded: MLflow's own form takes a GPU where it finds one."""
    is_exported = json.loads((folder / MANIFEST_FILE).read_bytes())["format"] != "pyfunc"
    return CPU if is_exported or gpu == "none" or box.ask("name_arithmetic") is None else GPU


def open_package(box: BoxedModel, folder: Path, name: str, *more: str) -> None:
    """Loads the package as a server would, by what the worker calls that. Raises UserError when it can't be loaded."""
    with zipfile.ZipFile(folder / ARCHIVE_FILE) as archive:
        archive.extractall(box.files)
    try:
        box.ask(name, str(box.files), *more)
    except ModelError as error:
        raise UserError(
            UNLOADABLE,
            f"The package cannot be loaded: {error}.",
            "Log the code that the model needs with it (code_paths).",
        ) from error
