"""The independent oracle: every KPI gauge, computed by brute force from the raw tables.

Written from the KPI document and the public contract alone. It shares no code, no SQL and no idea of implementation
with the exporter: no catalogue, no buckets, no state; every answer is a fresh look at all rows.
"""

from tests.oracle.gauges import FAMILIES, MEASURE_FAMILIES, Gauges, oracle
from tests.oracle.windows import WINDOWS

__all__ = ["FAMILIES", "MEASURE_FAMILIES", "WINDOWS", "Gauges", "oracle"]
