"""What a model was logged with, beside what this Python has: with other versions it may answer otherwise."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

REQUIREMENTS_FILE = "requirements.txt"


def list_differences(model_folder: Path) -> list[str]:
    """`scikit-learn 1.9.0, logged with ==1.2.2`: one for each requirement of the model that is not met here.

    Lines that name no package of an index (options, addresses, folders) say nothing of a version and are passed over.
    """
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - MLflow brings it

    file = model_folder / REQUIREMENTS_FILE
    differences = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        try:
            wanted = Requirement(line.partition("#")[0])
        except InvalidRequirement:
            continue
        if wanted.url is not None or (wanted.marker is not None and not wanted.marker.evaluate()):
            continue
        found = find_version(wanted.name)
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            here = found or "is not here"
            differences.append(f"{wanted.name} {here}, logged with {wanted.specifier or 'any version'}")
    return differences


def find_version(name: str) -> str | None:
    """The version of a package that is installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
