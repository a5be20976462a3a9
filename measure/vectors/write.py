"""One vector a line, numbers with all their digits, so that a change shows as a small diff."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def write_json(path: Path, vectors: list[dict[str, Any]]) -> None:
    """Writes the vectors as a JSON array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(vector, allow_nan=False) for vector in vectors)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def call(name: str, arguments: list[float], value: object) -> dict[str, Any]:
    """A known answer: the function of ours, its arguments, and the oracle's value."""
    return {"function": name, "arguments": arguments, "value": float(value)}
