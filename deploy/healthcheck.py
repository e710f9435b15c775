"""Ends with 0 when the service in this container says that it is healthy. Standard library only; argument: its part.

healthcheck.py [exporter|relay]: the address comes from OUTCALL_LISTEN or OUTCALL_RELAY_LISTEN, the token from the file
that OUTCALL_BEARER_TOKEN_FILE or OUTCALL_RELAY_TOKEN_FILE names. Where a password or a client certificate is asked for,
which no probe has, any answer is enough.
"""

from __future__ import annotations

import os
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

PARTS = {
    "exporter": ("OUTCALL_LISTEN", "127.0.0.1:9877", "OUTCALL_BEARER_TOKEN_FILE"),
    "relay": ("OUTCALL_RELAY_LISTEN", "127.0.0.1:9878", "OUTCALL_RELAY_TOKEN_FILE"),
}
TIMEOUT_SECONDS = 4


def main() -> int:
    listen, default, token_file = PARTS[sys.argv[1] if len(sys.argv) > 1 else "exporter"]
    port = (os.environ.get(listen) or default).rpartition(":")[2]
    headers = bearer(os.environ.get(token_file, ""))
    scheme = "https" if os.environ.get("OUTCALL_WEB_CONFIG_FILE") else "http"
    request = urllib.request.Request(f"{scheme}://127.0.0.1:{port}/-/healthy", headers=headers)  # noqa: S310  # ours
    return 0 if healthy(request) else 1


def bearer(path: str) -> dict[str, str]:
    """The header for the token in this file, if there is one."""
    return {"Authorization": f"Bearer {Path(path).read_text(encoding='utf-8').strip()}"} if path else {}


def healthy(request: urllib.request.Request) -> bool:
    """Whether the service answers that it is healthy, or that it would like to know who asks."""
    # The certificate is made out to another name than 127.0.0.1; nothing secret goes to ourselves.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context):  # noqa: S310  # ours
            return True
    except urllib.error.HTTPError as error:
        return error.code == 401
    except ssl.SSLError:
        return True
    except OSError as error:
        return isinstance(getattr(error, "reason", None), ssl.SSLError)


if __name__ == "__main__":
    sys.exit(main())
