"""What it takes to read 1,000 pictures of 3 x 224 x 224 from a holdout and to count them for a profile.

Prints {"seconds", "bytes"}: processor seconds, and the most memory that the process had.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "runtime"))

from trainyard.features import Extractor, list_features
from trainyard.holdout import HoldoutColumns, load_holdout

PICTURES = 1000


def main() -> None:
    """Writes the pictures, reads them and counts them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "holdout.npz"
        pictures = np.random.default_rng(1).integers(0, 256, (PICTURES, 3, 224, 224), dtype=np.uint8)
        np.savez(file, image=pictures, label=np.arange(PICTURES) % 10)
        del pictures
        started = time.process_time()
        inputs = load_holdout(file, HoldoutColumns("label", None, None, ()), None).inputs
        Extractor(list_features(inputs)).extract(inputs)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        sys.stdout.write(f"{json.dumps({'seconds': time.process_time() - started, 'bytes': most})}\n")


if __name__ == "__main__":
    main()
