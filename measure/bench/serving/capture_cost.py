"""What counting and logging a prediction adds in the handler: a packaged model asked with and without it, in turn."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.messages import Request
from trainyard.service import open_service

if TYPE_CHECKING:
    from trainyard.service import ModelService

ROUNDS = 15
REQUESTS = 100


def main() -> None:
    """Takes an archive and a request body; prints the median over rounds of the added microseconds per prediction."""
    archive, body = Path(sys.argv[1]), json.loads(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(archive).extractall(folder)
        counting = open_service(Path(folder), {"TRAINYARD_CAPTURE_DIR": str(Path(folder) / "capture")})
        bare = open_service(Path(folder), {})
        # The model's own wait would only blur the difference.
        time.sleep = lambda _seconds: None
        added = [measure(counting, body) - measure(bare, body) for _ in range(ROUNDS)]
        counting.close()
    print(f"{statistics.median(added) * 1e6:.0f}")


def measure(service: ModelService, body: object) -> float:
    """Seconds one request takes, as the median of many."""
    times = []
    for number in range(REQUESTS):
        started = time.perf_counter()
        (answer,) = service.answer([Request(f"r{number}", body)])
        times.append(time.perf_counter() - started)
        if answer.status != 200:  # noqa: PLR2004
            raise SystemExit(answer.body)
    return statistics.median(times)


if __name__ == "__main__":
    main()
