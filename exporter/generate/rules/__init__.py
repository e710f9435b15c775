"""The rule files of Prometheus, from the catalogue."""
