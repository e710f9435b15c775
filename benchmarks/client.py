"""A scraper as a process: `python -m benchmarks.client PORT COUNT GAP ENCODING` prints milliseconds as JSON."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time

from tests.support.pgtools import HOST

# What Prometheus sends.
ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def scrape(port: int, count: int, gap: float = 0.0, encoding: str = "identity") -> list[float]:
    """Milliseconds of `count` GETs over one keep-alive connection, `gap` seconds apart."""
    opened = http.client.HTTPConnection(HOST, port, timeout=60)
    headers = {"Accept": ACCEPT, "Accept-Encoding": encoding}
    found = []
    for _ in range(count):
        began = time.perf_counter()
        opened.request("GET", "/metrics", headers=headers)
        answer = opened.getresponse()
        answer.read()
        found.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"a scrape was answered with {answer.status}")
        if gap:
            time.sleep(max(0.0, gap - found[-1] / 1000))
    opened.close()
    return found


def scrape_aside(port: int, count: int, gap: float = 0.0, encoding: str = "identity") -> list[float]:
    """The same in another process, so that the writer here does not hold up the client."""
    command = [sys.executable, "-m", "benchmarks.client", str(port), str(count), str(gap), encoding]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(scrape(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])))
