"""Prometheus' query API."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from devtools.grafana.errors import GrafanaError

TIMEOUT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Series:
    """Labels (with `__name__` where there is one) and points: seconds since 1970, value."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float:
        return self.points[-1][1]


class Prometheus:
    """One server.

    Every question raises GrafanaError, naming the query, where the server refuses or cannot be reached.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout

    def instant(self, expr: str, at: float) -> list[Series]:
        """The value of every series at an instant; a scalar is one series without labels."""
        return self._series("query", expr, {"time": f"{at:.3f}"})

    def range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """Values from start to end, every `step` seconds."""
        options = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return self._series("query_range", expr, options)

    def label_values(self, selector: str, label: str, start: float, end: float) -> list[str]:
        """The values of a label among the series that match (all where the selector is "")."""
        options: list[tuple[str, str]] = [("start", f"{start:.3f}"), ("end", f"{end:.3f}")]
        if selector:
            options.append(("match[]", selector))
        found = self._ask(f"label/{urllib.parse.quote(label)}/values", options, f"label_values({selector}, {label})")
        return [str(each) for each in found]

    def series(self, selector: str, start: float, end: float) -> list[dict[str, str]]:
        """The labels of the series that match."""
        options = [("match[]", selector), ("start", f"{start:.3f}"), ("end", f"{end:.3f}")]
        return [dict(each) for each in self._ask("series", options, selector)]

    def _series(self, path: str, expr: str, options: Mapping[str, str]) -> list[Series]:
        data = self._ask(path, [("query", expr), *options.items()], expr)
        if data["resultType"] in {"scalar", "string"}:
            at, value = data["result"]
            return [Series({}, ((float(at), float(value)),))]
        return [_parsed(each) for each in data["result"]]

    def _ask(self, path: str, options: Sequence[tuple[str, str]], query: str) -> Any:
        body = urllib.parse.urlencode(options)
        url = f"{self._url}/api/v1/{path}"
        # The values of labels are only given to GET; queries may be longer than an address.
        asked = f"{url}?{body}" if path.startswith("label/") else url
        data = None if path.startswith("label/") else body.encode()
        try:
            with urllib.request.urlopen(asked, data, timeout=self._timeout) as answer:  # noqa: S310 - our own server
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise GrafanaError(f"{_reason(error)}, in the query {query}") from error
        except (urllib.error.URLError, OSError) as error:
            raise GrafanaError(f"{self._url} does not answer ({error}), asked {query}") from error


def _parsed(result: Mapping[str, Any]) -> Series:
    values = result["values"] if "values" in result else [result["value"]]
    return Series(result["metric"], tuple((float(at), float(value)) for at, value in values))


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError):
        return f"HTTP {error.code}"
