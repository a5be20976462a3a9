"""What a model was logged with, beside what this Python has: with other versions it may answer otherwise."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.requirements import Requirement

REQUIREMENTS_FILE = "requirements.txt"


def list_differences(model_folder: Path) -> list[str]:
    """`scikit-learn 1.9.0, logged with ==1.2.2`: one for each requirement of the model that is not met here.

    Lines that name no package of an index (options, addresses, folders) say nothing of a version and are passed over.
    """
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - MLflow brings it

    file = model_folder / REQUIREMENTS_FILE
    differences = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []:
        try:
            wanted = Requirement(line.partition("#")[0])
        except InvalidRequirement:
            continue
        difference = tell_difference(wanted) if wanted.url is None else None
        if difference is not None:
            differences.append(difference)
    return differences


def tell_difference(wanted: Requirement) -> str | None:
    """How this Python does not meet a requirement; None where it does, or where its marker means another Python."""
    if wanted.marker is not None and not wanted.marker.evaluate():
        return None
    found = find_version(wanted.name)
    if found is not None and wanted.specifier.contains(found, prereleases=True):
        return None
    return f"{wanted.name} {found or 'is not here'}, logged with {wanted.specifier or 'any version'}"


def find_version(name: str) -> str | None:
    """The version of a package that is installed, be it as another build of the same module (`xgboost-cpu`)."""
    try:
        return version(name)
    except PackageNotFoundError:
        module = name.replace("-", "_")
        builds = packages_distributions().get(module, [])
        return version(builds[0]) if len(builds) == 1 and builds[0].startswith(f"{name}-") else None
