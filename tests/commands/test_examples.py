"""What an error gives as an example is right: in the file, and in a shell."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from pydantic import SecretStr

from exporter.errors import OutcallError
from exporter.settings import PREFIX, Settings, load_settings

TEXTS = {
    key
    for key, field in Settings.model_fields.items()
    if field.annotation in (str, SecretStr | None, Path, Path | None) and key not in ("log_level", "timezone")
}


def example(error: OutcallError) -> str:
    found = re.search(r"Fix: write, for instance, `(.*?)` \(", str(error))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("key", Settings.model_fields)
def test_it_can_be_written_so(key: str, tmp_path: Path) -> None:
    """A list of lists is right for no setting; in the environment, any word is right for a text."""
    (tmp_path / "own.yaml").write_text(f"{key}: [[]]" if key != "catalogue_files" else f"{key}: 1", "utf-8")
    with pytest.raises(OutcallError) as refused:
        load_settings(tmp_path / "own.yaml", {})
    (tmp_path / "own.yaml").write_text(example(refused.value), "utf-8")
    load_settings(tmp_path / "own.yaml", {})
    if key not in TEXTS:
        with pytest.raises(OutcallError) as refused:
            load_settings(None, {PREFIX + key.upper(): "abc"})
        name, value = shlex.split(example(refused.value))[0].split("=", 1)
        load_settings(None, {name: value})


def test_numbers(tmp_path: Path) -> None:
    with pytest.raises(OutcallError, match=r"Fix: write, for instance, `OUTCALL_POLL_INTERVAL=15` \("):
        load_settings(None, {"OUTCALL_POLL_INTERVAL": "abc"})
