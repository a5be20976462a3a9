"""Files written whole or not at all, and their digests."""

import hashlib
import json
import os
from pathlib import Path

CHUNK_BYTES = 1 << 20
# Written beside the model when it is fetched by its registered name; no part of what was logged.
NOT_THE_MODEL = {"registered_model_meta", "__pycache__"}


def write_bytes(path: Path, content: bytes) -> None:
    """Writes through a temporary file and a rename, so a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def write_json(path: Path, value: object) -> None:
    """Writes JSON with a newline at its end, whole or not at all. Values without a JSON form are refused."""
    write_bytes(path, (json.dumps(value, allow_nan=False) + "\n").encode())


def digest_file(path: Path) -> str:
    """`sha256:<hex>` of the file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def digest_folder(folder: Path) -> str:
    """`sha256:<hex>` over one line `<relative path> <file digest>` per file, sorted by path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and is_part_of_model(path.relative_to(folder)))
    lines = [f"{path.relative_to(folder).as_posix()} {digest_file(path)}\n" for path in files]
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


def is_part_of_model(relative: Path) -> bool:
    """Whether a file of a model's folder was logged with it, rather than left there by loading it."""
    return NOT_THE_MODEL.isdisjoint(relative.parts)


def describe_blob(path: Path) -> dict[str, object]:
    """Digest and size in bytes, as the package manifest wants them."""
    return {"digest": digest_file(path), "size": path.stat().st_size}
