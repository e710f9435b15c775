"""A review's notice to the relay, in Alertmanager's webhook format: names and bounds that both sides agree on."""

from __future__ import annotations

from typing import Final

ALERTNAME: Final = "OutcallReview"
# Labels.
CADENCE: Final = "review"
PERIOD: Final = "period"
# Annotations; each has a twin with `_zh`. Several lines are parted by a line's end.
TITLE: Final = "title"
SUMMARY: Final = "summary"
WARNINGS: Final = "warnings"
POINTS: Final = "points"
MORE: Final = "more"
URL: Final = "review_url"
FILE: Final = "file"
FILES: Final = (FILE, f"{FILE}_zh")
FILE_NAME: Final = "file_name"
MEDIA_TYPE: Final = "text/markdown; charset=utf-8"
# A file in characters, and the whole body in bytes: two files of Chinese letters, three bytes each, fit into it.
MAX_FILE: Final = 131_072
BODY_BYTES: Final = 1 << 20
