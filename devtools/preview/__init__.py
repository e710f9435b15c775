"""Draws pages from dashboards' JSON, near enough to Grafana to judge layout, text, units and colours."""
