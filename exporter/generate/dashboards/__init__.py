"""Grafana dashboards from the catalogue. Needs grafana-foundation-sdk, which running the exporter does not."""
