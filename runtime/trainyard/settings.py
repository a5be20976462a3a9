"""What the handler needs to know of the model it serves; a JSON file in the model archive."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trainyard.files import write_json
from trainyard.interpretation import Interpretation
from trainyard.picture_steps import PictureSteps, parse_steps
from trainyard.signature import Signature, parse_signature

if TYPE_CHECKING:
    from pathlib import Path

    from trainyard.runners import PackageFormat

SETTINGS_FILE = "settings.json"
PROFILE_FILE = "profile.json"
WARM_UP_FILE = "warm-up.json"
PAYLOAD_FOLDER = "payload"


@dataclass(frozen=True)
class Settings:
    """Model, version, form, signature, how to read its answers, and how pictures become its input, if they do."""

    model: str
    version: str
    format: PackageFormat
    signature: Signature
    interpretation: Interpretation
    pictures: PictureSteps | None = None

    def write(self, path: Path) -> None:
        """Writes the settings for `read_settings`."""
        document = {
            "model": self.model,
            "version": self.version,
            "format": self.format,
            "signature": self.signature.document,
            "answers": asdict(self.interpretation),
            "pictures": self.pictures and self.pictures.to_json(),
        }
        write_json(path, document)


def read_settings(path: Path) -> Settings:
    """Reads what `Settings.write` wrote. Raises ValueError when it names no inputs."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    signature = parse_signature(document["signature"])
    if signature is None:
        raise ValueError(f"{path}: the signature names no inputs")
    return Settings(
        document["model"],
        document["version"],
        document["format"],
        signature,
        read_interpretation(document["answers"]),
        parse_steps(document["pictures"]),
    )


def read_interpretation(document: dict[str, Any]) -> Interpretation:
    """How answers are read, from JSON."""
    lists = {name: tuple(document[name]) for name in ("classes", "order", "columns", "sets")}
    return Interpretation(**{**document, **lists})
