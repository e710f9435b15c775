"""The PromQL that names the slice which explains a change, asked of promtool."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.generate.attribution import CHANGE, EFFECT, LIKELY, change, slices, top_slice
from tests.generate.promtool import evaluated


def effect(generation: str, kind: str, replica: str = "a", other: bool = False) -> str:
    """A series, of one replica, of a slice of acquisition in the evening."""
    at = ("other",) * 3 if other else ("acquisition", generation, "evening")
    labels = dict(zip(("scenario", "generation", "period"), at, strict=True))
    labels |= {"kpi": "k", "window": "1h", "effect": kind, "by": "scenario,generation,period", "instance": replica}
    return EFFECT + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def series(sign: int) -> dict[str, str]:
    """Two replicas, of which one is behind; the others together do more than any slice by itself."""
    moved = {"elderly": (0.05, -0.01), "gen_z": (-0.09, 0.01), "gen_y": (0.02, 0.0)}
    found = {
        effect(name, kind, replica): f"{sign * value}x3"
        for name, values in moved.items()
        for kind, value in zip(("rate", "mix"), values, strict=True)
        for replica in "ab"
    }
    found |= {effect("", kind, other=True): f"{sign * 0.05}x3" for kind in ("rate", "mix")}
    return found | {f'{CHANGE}{{kpi="k",window="1h",instance="{r}"}}': f"{sign * 0.08}x3" for r in "ab"}


@pytest.mark.parametrize("sign", [1, -1])
def test_the_slice_that_did_most_of_it(tmp_path: Path, sign: int) -> None:
    """The one that stands out, rate and mix together; without tests the largest along the change, never the pool."""
    labels = 'generation="{}", period="evening", scenario="acquisition"'
    named = {effect("gen_y", "", replica).replace(EFFECT, LIKELY): "0.01x3" for replica in "ab"}
    found = evaluated(tmp_path, [], series(sign) | named, top_slice("k", "1h"))
    assert found == {labels.format("gen_y"): pytest.approx(0.02)}
    assert evaluated(tmp_path, [], series(sign), top_slice("k", "1h")) == {}
    untested = evaluated(tmp_path, [], series(sign), top_slice("k", "1h", tested=False))
    assert untested == {labels.format("elderly"): pytest.approx(0.04)}
    assert evaluated(tmp_path, [], series(sign), change("k", "1h")) == {"": pytest.approx(sign * 0.08)}
    rates = evaluated(tmp_path, [], series(sign), slices("k", "1h", "rate"))
    assert sum(rates.values()) == pytest.approx(sign * 0.03)


def test_no_change_no_slice(tmp_path: Path) -> None:
    """Nothing is named."""
    still = dict.fromkeys(series(1), "0x3")
    for tested in (True, False):
        assert evaluated(tmp_path, [], still, top_slice("k", "1h", tested=tested)) == {}
