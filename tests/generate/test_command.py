"""`generate` writes, `generate --check` finds what has drifted and says how to mend it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import main
from exporter.commands.generate import dashboards
from exporter.generate.files import END, Generated
from exporter.semantic.load import load_catalogue
from tests.generate.conftest import START

FILES = ["docs/kpis.md", "README.md", "docs/metrics.md", "docs/configuration.md", "docs/call-database.md"]
ROOT = Path(__file__).parents[2]


def contents(checkout: Path) -> dict[str, bytes]:
    return {name: (checkout / name).read_bytes() for name in FILES}


def spoil(path: Path) -> None:
    """Add a character near the end, within the generated part."""
    text = path.read_text(encoding="utf-8")
    at = text.rindex("outcall")
    path.write_text(f"{text[:at]}X{text[at:]}", encoding="utf-8")


@pytest.mark.parametrize("target", ["docs", "dashboards", "rules", "runbooks"])
def test_the_repository_is_up_to_date(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--check", target, "--root", str(ROOT)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", FILES)
def test_drift_is_named_and_mended(checkout: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The file and the command that mends it; the check itself writes nothing."""
    before = contents(checkout)
    spoil(checkout / name)
    spoilt = contents(checkout)
    assert main(["generate", "--check", "docs", "--root", str(checkout)]) == 1
    written = capsys.readouterr()
    assert written.err == f"not up to date: {name}. Fix: run `outcall-exporter generate docs`\n"
    assert contents(checkout) == spoilt
    assert main(["generate", "docs", "--root", str(checkout)]) == 0
    assert capsys.readouterr().out == f"wrote {name}\n"
    assert contents(checkout) == before


def test_missing_files_drift_too(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(checkout)
    for name in FILES[2:]:
        (checkout / name).unlink()
    assert main(["generate", "--check", "docs", "--root", str(checkout)]) == 1
    assert ", ".join(FILES[2:]) in capsys.readouterr().err
    assert main(["generate", "docs", "--root", str(checkout)]) == 0
    assert contents(checkout) == before


def test_readme_is_replaced_between_the_markers_only(checkout: Path) -> None:
    readme = checkout / "README.md"
    readme.write_text(f"# Mine\n\n{START}\nold\n{END}\n\nand the rest\n", encoding="utf-8")
    assert main(["generate", "docs", "--root", str(checkout)]) == 0
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"# Mine\n\n{START}\n\n| ")
    assert text.endswith(f" |\n\n{END}\n\nand the rest\n")
    assert "old" not in text


@pytest.mark.parametrize("text", ["# no markers\n", f"{START}\nno end\n", f"{END}\n{START}\nthe wrong way round\n"])
def test_missing_markers_are_told(checkout: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "README.md").write_text(text, encoding="utf-8")
    for words in (["--check"], []):
        assert main(["generate", "docs", *words, "--root", str(checkout)]) == 1
        assert "README.md lacks its markers. Fix: put the lines" in capsys.readouterr().err
    assert (checkout / "README.md").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dashbords"], "there is no target 'dashbords'. Fix: choose from docs, dashboards, rules, runbooks"),
        (["--root", "{empty}"], "{empty} is not a checkout: it has no README.md. Fix: "),
    ],
)
def test_wrong_usage(
    words: list[str],
    told: str,
    checkout: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    empty = str(tmp_path_factory.mktemp("empty").resolve())
    assert main(["generate", "--root", str(checkout), *(word.format(empty=empty) for word in words)]) == 2
    assert told.format(empty=empty) in capsys.readouterr().err
    assert list(Path(empty).iterdir()) == []


def without_the_library(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`generate`, where grafana-foundation-sdk cannot be imported."""
    program = (
        "import sys\n"
        "sys.modules['grafana_foundation_sdk'] = None\n"
        "from exporter.cli import main\n"
        "sys.exit(main(['generate', *sys.argv[1:]]))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


NEEDED = (
    "dashboards need grafana-foundation-sdk, which is not installed. Fix: pip install 'outcall-exporter[dashboards]'"
)
INSTEAD = "or do without them: `outcall-exporter generate docs rules runbooks`"


@pytest.mark.parametrize(
    ("words", "told"),
    [((), f"{NEEDED}, {INSTEAD}\n"), (("--check",), f"{NEEDED}, {INSTEAD}\n"), (("dashboards",), f"{NEEDED}\n")],
)
def test_dashboards_need_a_library(checkout: Path, words: tuple[str, ...], told: str) -> None:
    """One sentence with the fix, and with what works without; nothing is written."""
    spoil(checkout / "docs/kpis.md")
    before = contents(checkout)
    done = without_the_library(*words, folder=checkout)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(told)
    assert done.stderr.count("\n") == 1
    assert contents(checkout) == before


def test_the_rest_needs_no_library(checkout: Path) -> None:
    """What the error says to run instead works."""
    for name in ("docs", "rules", "runbooks"):
        main(["generate", name, "--root", str(checkout)])
    done = without_the_library("docs", "rules", "--check", folder=checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_same_bytes_every_time() -> None:
    """Another process, another hash seed, another time zone and locale."""
    program = (
        "import hashlib\n"
        "from exporter.commands.generate import docs\n"
        "from exporter.semantic.load import load_catalogue\n"
        "for file in docs(load_catalogue()): print(file.path, hashlib.sha256(file.text.encode()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "America/New_York"))
    }
    assert len(outputs) == 1


def test_generated_files_say_so(generated: list[Generated]) -> None:
    for file in generated:
        assert file.marker or file.text.startswith("<!-- generated by `outcall-exporter generate docs` from ")
    for file in dashboards(load_catalogue()):
        assert "generated by `outcall-exporter generate dashboards` from exporter/catalogue" in file.text
