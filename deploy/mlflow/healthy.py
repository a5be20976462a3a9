"""Ends with 0 where the tracking server beside it is well.

    healthy.py [PORT [FOLDER]]

FOLDER has the certificate that the server shows where TLS is on.
"""

from __future__ import annotations

import os
import ssl
import sys
import urllib.request
from http import HTTPStatus


def main(port: str = "5000", folder: str = "/certificates") -> int:
    """0 where it is well, 1 where it answers otherwise; raises where it doesn't answer."""
    is_tls = os.environ.get("TLS") == "on"
    url = f"{'https' if is_tls else 'http'}://localhost:{port}/health"
    context = trust_alone(f"{folder}/tls.pem") if is_tls else None
    with urllib.request.urlopen(url, timeout=3, context=context) as answer:  # noqa: S310
        return 0 if answer.status == HTTPStatus.OK else 1


def trust_alone(certificate: str) -> ssl.SSLContext:
    """Trusts that certificate, whoever made it and for whatever name: a team's own is for none of this machine."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
