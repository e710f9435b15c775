"""The example works as it stands, and the page names every type and key."""

from __future__ import annotations

import re
from pathlib import Path

from exporter.relay.config import load_relay_file
from exporter.relay.metrics import STATUSES, RelayMetrics
from exporter.relay.spec import TYPES, FileSpec

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "relay.example.yml"


def test_the_example_is_valid(tmp_path: Path) -> None:
    """With the files that it names, and nothing else, filled."""
    text = EXAMPLE.read_text(encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    for name in re.findall(r"_file: (secrets/\w+)", text):
        content = {"numbers": "13800000000", "url": "https://tickets.example.org/hook"}.get(
            name.rpartition("_")[2], "x1"
        )
        (tmp_path / name).write_text(content)
    (tmp_path / "relay.yml").write_text(text, encoding="utf-8")
    config = load_relay_file(tmp_path / "relay.yml")
    assert set(config.receivers) == {"page", "ticket", "review", "compliance", "watchdog"}
    assert {found.spec.type for found in config.channels.values()} == set(TYPES) - {"print"}


def test_the_page_names_every_key_and_metric() -> None:
    page = (DOCS / "relay.md").read_text(encoding="utf-8")
    keys = {key for spec in (*TYPES.values(), FileSpec) for key in spec.model_fields}
    assert [key for key in sorted((keys - {"type"}) | set(TYPES)) if f"`{key}" not in page] == []
    names = [f"{m.name}_total" if m.type == "counter" else m.name for m in RelayMetrics.described()]
    assert len(names) == 6
    assert [name for name in names if f"`{name}" not in page] == []
    assert [status for status in STATUSES if f"`{status}`" not in page] == []


def test_the_template_has_the_variables_that_are_sent() -> None:
    page = (DOCS / "relay.md").read_text(encoding="utf-8")
    assert "${kpi}" in page
    assert "${where}" in page
    assert "${value}" in page
    assert "${since}" in page
    assert all(f"{{{number}}}" in page for number in range(1, 5))
