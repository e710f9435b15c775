"""The live stage on which every dashboard is tried: real servers on the simulated case, with a past of sixty days.

    simulate ─► PostgreSQL ─► exporter ─┐
                    │         relay ────┤ scraped
                    └─► past (blocks) ─► Prometheus with the shipped rules

Nothing on it is invented: the past is computed by the exporter's own code from the same call database (see `past`),
and recorded series and alerts of the past by the shipped rules (see `recorded`).
"""
