"""The one error of this package: a dashboard, or the Prometheus behind it, that does not work."""

from __future__ import annotations


class GrafanaError(Exception):
    """A dashboard that Grafana would not show as meant; the message names the place."""
