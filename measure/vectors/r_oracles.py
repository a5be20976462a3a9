"""pROC's DeLong test and BiasedUrn's non-central hypergeometric, by Rscript; nothing where R is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import gate_vectors

SCRIPT = Path(__file__).with_suffix(".R")


def r_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors by R, or none: what is committed then stays."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    cases = [
        {key: case[key] for key in ("positive", "champion", "challenger")} for case in gate_vectors.roc_comparisons()
    ]
    answer = subprocess.run(
        [rscript, "--vanilla", str(SCRIPT)],
        input="\n".join(f"{' '.join(map(str, case[key]))}" for case in cases for key in case),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        print(f"R's vectors are left as they are: {answer.stderr.strip().splitlines()[-1]}")
        return {}
    tables: dict[str, list[dict[str, Any]]] = {}
    for line in answer.stdout.splitlines():
        table, _, values = line.partition(" ")
        tables.setdefault(table, []).append(json.loads(values))
    for case, answered in zip(cases, tables["roc-by-r"], strict=True):
        answered.update(case)
    return tables
