"""What Grafana does between a dashboard's JSON and what is drawn, in Python: variables, queries, frames, units."""
