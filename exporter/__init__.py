"""outcall-exporter: exact KPI gauges from a PostgreSQL call database."""

__version__ = "0.1.0"
