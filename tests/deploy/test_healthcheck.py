"""deploy/healthcheck.py against a real relay, and against servers that answer in other ways."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.deploy.stack import DEPLOY
from tests.support.pgtools import free_port

SCRIPT = DEPLOY / "healthcheck.py"
TOKEN = "what-alertmanager-presents"
DEADLINE = 60


def check(part: str, **environment: str) -> int:
    """The exit status, with these variables and no others."""
    command = [sys.executable, "-I", str(SCRIPT), part]
    return subprocess.run(command, env=environment, capture_output=True, timeout=DEADLINE, check=False).returncode


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A server with one answer; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (401, 0), (503, 1), (404, 1)])
def test_an_answer_decides(status: int, expected: int) -> None:
    """401: passwords are asked for, which no probe has; the server lives."""
    with answering(status) as listen:
        assert check("exporter", OUTCALL_LISTEN=listen) == expected


def test_nobody_there_is_not_healthy() -> None:
    assert check("exporter", OUTCALL_LISTEN=f"127.0.0.1:{free_port()}") == 1


def test_a_wildcard_address_is_asked_locally() -> None:
    with answering(200) as listen:
        assert check("exporter", OUTCALL_LISTEN=f"0.0.0.0:{listen.rpartition(':')[2]}") == 0


def test_the_relay_with_its_token(tmp_path: Path) -> None:
    """A real relay asks for the token, which the probe takes from the same file; when it has gone, that shows."""
    (tmp_path / "token").write_text(TOKEN, "utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "OUTCALL_RELAY_LISTEN": f"127.0.0.1:{free_port()}",
        "OUTCALL_RELAY_FILE": str(DEPLOY / "compose" / "relay.yml"),
        "OUTCALL_RELAY_TOKEN_FILE": str(tmp_path / "token"),
        "OUTCALL_STATE_DIR": str(tmp_path / "state"),
    }
    command = [sys.executable, "-m", "exporter.cli", "relay"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout is not None
            assert "listens on" in relay.stdout.readline()
            assert check("relay", **environment) == 0
        finally:
            relay.terminate()
            relay.wait(timeout=DEADLINE)
    assert check("relay", **environment) == 1
