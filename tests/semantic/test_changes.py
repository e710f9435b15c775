"""The changes file: what it says is taken over, what is wrong is told with line and fix, all at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from exporter.errors import ConfigError, ConfigErrors, OutcallError, UsageError
from exporter.semantic.changes import find_change, load_changes
from exporter.semantic.load import load_catalogue

CATALOGUE = load_catalogue()
ROOT = Path(__file__).parents[2]
HEAD = """\
changes:
  - id: plain
    at: 2026-03-02T09:00:00+08:00
    kind: script
    title: {zh: 大白话, en: Plain words}
"""


def errors(folder: Path, text: str) -> list[str]:
    """What is told about a file."""
    path = folder / "changes.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises((ConfigError, ConfigErrors)) as refused:
        load_changes(path, CATALOGUE)
    return str(refused.value).replace(f"{path}:", "").splitlines()


def test_no_file() -> None:
    assert load_changes(None, CATALOGUE) == ()


def test_the_example() -> None:
    """The shipped example is right, and in the order of time."""
    changes = load_changes(ROOT / "docs/examples/changes.example.yaml", CATALOGUE)
    assert len(changes) >= 3
    assert [change.at for change in changes] == sorted(change.at for change in changes)
    assert {change.kind for change in changes} == {"script", "lexicon", "model"}


def test_everything_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "changes.yaml"
    path.write_text(
        HEAD
        + """\
    until: "2026-04-01T00:00:00Z"
    scope: {generation: elderly, scenario: [acquisition, collection]}
    compare: {generation: [gen_x, gen_y]}
    kpis:
      early_hangup: {delta: -0.05, settle_hours: 2}
      csat:
      hangup: {expect: higher}
""",
        "utf-8",
    )
    (change,) = load_changes(path, CATALOGUE)
    assert datetime.fromtimestamp(change.at, UTC).isoformat() == "2026-03-02T01:00:00+00:00"
    assert change.until == datetime(2026, 4, 1, tzinfo=UTC).timestamp()
    assert change.scope == {"generation": {"elderly"}, "scenario": {"acquisition", "collection"}}
    assert dict(change.compare or {}) == {"generation": {"gen_x", "gen_y"}}
    hangup, csat, rude = change.aims
    assert (hangup.kpi, hangup.higher, hangup.delta, hangup.settle_hours) == ("early_hangup", False, -0.05, 2)
    assert (csat.kpi, csat.higher, csat.delta, csat.settle_hours) == ("csat", True, None, None)
    assert rude.higher


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "1: is not a mapping. Fix: start it with `changes:`"),
        ("changes: [{id: a}]", "1: changes.0.at: a required key is missing. Fix: add it"),
        (HEAD + "    owner: me", "6: changes.0.owner: unknown key. Fix: remove it or correct its spelling"),
        (HEAD.replace("+08:00", ""), "3: changes.0.at: has no time zone: write 2026-03-01T09:00:00+08:00."),
        (HEAD.replace("2026-03-02T09:00:00+08:00", "soon"), "3: changes.0.at: is not an instant like"),
        (HEAD.replace("2026-03-02T09:00:00+08:00", "2026-03-02"), "3: changes.0.at: is not an instant like"),
        (HEAD.replace("2026", "1026"), "3: changes.0.at: is not between the years 2000 and 2099"),
        (HEAD.replace("script", "wording"), "4: changes.0.kind: input should be 'script', 'lexicon', 'model' or"),
        (HEAD.replace("大白话", "''"), "5: changes.0.title: needs 1 to 200 letters in both languages"),
        (HEAD.replace("plain", "Plain Words!"), "2: changes.0.id: string should match pattern"),
        (HEAD + "    until: 2026-03-02T00:00:00+08:00", "2: changes.0: until is not after at"),
        (HEAD + "    scope: {age: old}", "6: unknown label 'age'. Fix: use one of bucket, dialect"),
        (HEAD + "    scope: {generation: old}", "6: label 'generation' has no value 'old'. Fix: use one of elderly"),
        (HEAD + "    scope: {generation: []}", "6: changes.0.scope.generation: value should have at least 1 item"),
        (HEAD + "    compare: {}", "6: changes.0.compare: dictionary should have at least 1 item"),
        (
            HEAD + "    scope: {generation: [elderly, gen_x]}\n    compare: {generation: gen_x}",
            "7: change 'plain': its scope and what it is compared with overlap. Fix: give a label of the scope other",
        ),
        (
            HEAD + "    compare: {generation: gen_x}",
            "6: change 'plain': its scope and what it is compared with overlap",
        ),
        (HEAD + "    kpis: [hangups]", "6: unknown KPI 'hangups'. Fix: use one of asr_accuracy, "),
        (HEAD + "    kpis: [csat, csat]", "6: changes.0.kpis: is neither a list of different KPIs nor"),
        (HEAD + "    kpis: [recovery]", "6: KPI 'recovery' is no share of things that are counted"),
        (HEAD + "    kpis:\n      acquisition_cost: {}", "7: KPI 'acquisition_cost' is no share of things"),
        (HEAD + "    kpis: [response_latency]", "6: KPI 'response_latency' is no share of things"),
        (HEAD + "    kpis: {csat: {delta: 5}}", "6: changes.0.kpis.csat.delta: input should be less than or equal"),
        (HEAD + "    kpis: {csat: {delta: 0}}", "6: changes.0.kpis.csat: delta is 0: leave it out"),
        (HEAD + "    kpis: {csat: {delta: 0.1, expect: lower}}", "6: changes.0.kpis.csat: delta 0.1 contradicts"),
        (
            HEAD + "    scope: {dialect: cantonese}\n    kpis: [asr_accuracy, csat]",
            "7: the numerator of KPI 'csat' is not broken down by dialect. Fix: leave the label out of the slice",
        ),
        (
            HEAD + "    scope: {scenario: collection}\n    kpis: [lead_conversion]",
            "7: KPI 'lead_conversion' is of scenario acquisition, which the scope leaves out. Fix: add acquisition",
        ),
    ],
)
def test_wrong(tmp_path: Path, text: str, told: str) -> None:
    """Each problem alone, with its line and the fix."""
    found = errors(tmp_path, text)
    assert told in "\n".join(found)
    assert all("Fix: " in line for line in found)


def test_all_at_once(tmp_path: Path) -> None:
    """Two files' worth of mistakes in one go, in the order of lines."""
    twice = HEAD + HEAD.partition("\n")[2] + "    scope: {generation: old}\n    kpis: [recovery, nothing]\n"
    found = errors(tmp_path, twice)
    assert [line.split(":")[0] for line in found] == ["6", "10", "11", "11"]
    assert "change 'plain' stands twice" in found[0]


def test_finding(tmp_path: Path) -> None:
    path = tmp_path / "changes.yaml"
    path.write_text(HEAD, "utf-8")
    changes = load_changes(path, CATALOGUE)
    assert find_change(changes, "plain").id == "plain"
    for given, name, fix in ((changes, "plian", "did you mean plain?"), (changes, "x", "use one of plain")):
        with pytest.raises(UsageError) as refused:
            find_change(given, name)
        assert refused.value.fix == fix
    with pytest.raises(OutcallError, match="no change is recorded"):
        find_change((), "plain")
