"""Makes the known answers that test/core/statistics and test/core/gate are checked against.

    python measure/vectors/make.py [--out measure/vectors/answers]

Oracles: SciPy, mpmath, statsmodels, scikit-learn, MLflow; R's pROC and BiasedUrn (Debian r-cran-proc,
r-cran-biasedurn) where Rscript is there, else the committed values of those two are kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edges import edge_vectors
from figure_vectors import figure_vectors
from gate_vectors import gate_vectors
from inference import inference_vectors
from r_oracles import r_vectors
from special import special_vectors
from task_vectors import task_vectors
from write import write_json

DEFAULT_OUT = Path(__file__).parent / "answers"


def main() -> None:
    """Writes one JSON file per topic."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    topics = (
        special_vectors(),
        edge_vectors(),
        inference_vectors(),
        gate_vectors(),
        task_vectors(),
        figure_vectors(),
        r_vectors(),
    )
    for name, vectors in (pair for topic in topics for pair in topic.items()):
        write_json(out / f"{name}.json", vectors)


if __name__ == "__main__":
    main()
