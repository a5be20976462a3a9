"""Saves the objects of a bucket into a folder, or puts those of a folder back.

    objects.py make BUCKET | save BUCKET FOLDER | add BUCKET FOLDER | trim BUCKET FOLDER

The folder gets a file for each object and `index.json`, which says each one's key, size and digest: what does not agree
is refused before anything is put back. `add` takes nothing away; `trim` removes what the folder does not list.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, TypedDict

import boto3
from botocore.config import Config

# boto3 makes its clients' classes at run time.
Client = Any


class Entry(TypedDict):
    """One object, and the file that holds it."""

    key: str
    file: str
    size: int
    sha256: str


def main(verb: str, bucket: str, folder: str | None = None) -> None:
    """One of them, on the store that MLFLOW_S3_ENDPOINT_URL names."""
    client = boto3.client(
        "s3",
        endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"],
        config=Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 8, "mode": "standard"}),
    )
    if verb == "make":
        make(client, bucket)
    elif verb == "save" and folder is not None:
        save(client, bucket, Path(folder))
    elif verb == "add" and folder is not None:
        add(client, bucket, Path(folder))
    elif verb == "trim" and folder is not None:
        trim(client, bucket, Path(folder))
    else:
        sys.exit(__doc__)


def make(client: Client, bucket: str) -> None:
    """The bucket, unless it is there."""
    if bucket not in [known["Name"] for known in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=bucket)


def save(client: Client, bucket: str, folder: Path) -> None:
    """All objects, as files."""
    folder.mkdir(parents=True)
    entries: list[Entry] = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for listed in page.get("Contents", []):
            name = f"{len(entries):08d}"
            client.download_file(bucket, listed["Key"], str(folder / name))
            file = folder / name
            if file.stat().st_size != listed["Size"]:
                sys.exit(f"{listed['Key']}: {file.stat().st_size} bytes came, {listed['Size']} were promised")
            entries.append({"key": listed["Key"], "file": name, "size": listed["Size"], "sha256": digest_of(file)})
    (folder / "index.json").write_text(json.dumps(entries, indent=1))
    print(f"{len(entries)} objects, {sum(entry['size'] for entry in entries)} bytes")


def add(client: Client, bucket: str, folder: Path) -> None:
    """Puts back what the folder's index lists, once all of it has been found whole."""
    entries = listed_in(folder)
    for entry in entries:
        file = folder / entry["file"]
        if not file.is_file() or digest_of(file) != entry["sha256"]:
            sys.exit(f"{entry['file']} ({entry['key']}) is not what was saved: nothing has been put back")
    make(client, bucket)
    for entry in entries:
        client.upload_file(str(folder / entry["file"]), bucket, entry["key"])
    print(f"{len(entries)} objects, {sum(entry['size'] for entry in entries)} bytes")


def trim(client: Client, bucket: str, folder: Path) -> None:
    """Removes what the folder's index does not list."""
    kept = {entry["key"] for entry in listed_in(folder)}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for listed in page.get("Contents", []):
            if listed["Key"] not in kept:
                client.delete_object(Bucket=bucket, Key=listed["Key"])


def listed_in(folder: Path) -> list[Entry]:
    """What was saved into the folder."""
    entries: list[Entry] = json.loads((folder / "index.json").read_text())
    return entries


def digest_of(file: Path) -> str:
    """Its SHA-256, in hex."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            found.update(block)
    return found.hexdigest()


if __name__ == "__main__":
    main(*sys.argv[1:])
