"""The demo's call database: tables, the exporter's role, and that role's password. Safe to run again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import subprocess
import sys
from pathlib import Path

import asyncpg

ROLE = "outcall_exporter"
ITERATIONS = 4096


def main() -> int:
    command = ["outcall-exporter", "init-db", "--schema", "calls", "--create-schema", "--role"]
    made = subprocess.run(command, check=False)  # noqa: S603  # a fixed command line
    if made.returncode:
        return made.returncode
    asyncio.run(set_password(read("OUTCALL_DATABASE_URL_FILE"), read("EXPORTER_PASSWORD_FILE")))
    return 0


def read(variable: str) -> str:
    """The content of the file that a variable names."""
    return Path(os.environ[variable]).read_text(encoding="utf-8").strip()


async def set_password(owner_url: str, password: str) -> None:
    """Only its hash is sent, so that no log of the server can hold it."""
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        await connection.execute(f"ALTER ROLE {ROLE} PASSWORD '{scram(password, secrets.token_bytes(16))}'")
    finally:
        await connection.close()


def scram(password: str, salt: bytes) -> str:
    """What PostgreSQL stores for a password: RFC 5803, StoredKey and ServerKey of RFC 5802 over SHA-256."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{text[0]}${text[1]}:{text[2]}"


if __name__ == "__main__":
    sys.exit(main())
