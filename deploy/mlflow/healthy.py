"""Ends with 0 where the tracking server beside it is well."""

from __future__ import annotations

import os
import ssl
import sys
import urllib.request
from http import HTTPStatus


def main() -> int:
    """0 where it is well, 1 where it answers otherwise; raises where it doesn't answer."""
    is_tls = os.environ.get("TLS") == "on"
    context = ssl.create_default_context(cafile="/certificates/ca.pem") if is_tls else None
    url = f"{'https' if is_tls else 'http'}://localhost:5000/health"
    with urllib.request.urlopen(url, timeout=3, context=context) as answer:  # noqa: S310
        return 0 if answer.status == HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
