"""What features are called that are derived from others, and how many of them a profile has room for."""

from __future__ import annotations

import hashlib
from typing import Any

# core/drift/profile.ts.
MOST_FEATURES = 4096
# A mute names `drift-act:` and the like and the feature in 200 letters of one line (core/ledger/mutes/finding-code.ts).
MOST_LETTERS = 180


def name_derived(prefix: str, what: str, ending: str = "") -> str:
    """The name of what is derived: it says `what`, or where no mute could, or not with the `ending`, a digest of it.

    Either means the same in every version.
    """
    name = f"{prefix}{what}"
    if count_letters(name + ending) <= MOST_LETTERS and name.isprintable() and not name[-1].isspace():
        return name
    return f"{prefix}{hashlib.sha256(what.encode(errors='surrogatepass')).hexdigest()[:16]}"


def count_letters(text: str) -> int:
    """The letters of a text as schemas count them: two of some."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def count_room(features: list[dict[str, Any]]) -> int:
    """How many features more a profile of these can have."""
    return max(0, MOST_FEATURES - len(features))
