"""TorchServe's model archive: a zip file with a manifest. The same content always gives the same bytes."""

import json
import zipfile
from pathlib import Path

ARCHIVE_EPOCH = (1980, 1, 1, 0, 0, 0)
HANDLER_FILE = "trainyard_handler.py"
MANIFEST_PATH = "MAR-INF/MANIFEST.json"
ARCHIVER_VERSION = "0.12.0"
FILE_MODE = 0o644 << 16


def write_archive(path: Path, folder: Path, model: str, version: str, created: str) -> None:
    """Packs the folder, which has the handler at its root, for TorchServe."""
    manifest = {
        "createdOn": created,
        "runtime": "python",
        "model": {"modelName": model, "modelVersion": version, "handler": HANDLER_FILE},
        "archiverVersion": ARCHIVER_VERSION,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        add(archive, MANIFEST_PATH, json.dumps(manifest, indent=2).encode())
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            add(archive, file.relative_to(folder).as_posix(), file.read_bytes())


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Adds a file without a trace of when and where it was packed."""
    entry = zipfile.ZipInfo(name, ARCHIVE_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = FILE_MODE
    archive.writestr(entry, content)
