from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.pathtemplate import DEFAULT_TEMPLATE, UnknownPathError, parse_template
from exporter.collectors.sample import RecordingRow
from exporter.errors import UsageError

SHANGHAI = ZoneInfo("Asia/Shanghai")
LATE = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
ROW = RecordingRow(42, 7, LATE, 1000)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (DEFAULT_TEMPLATE, "2026/04/01/42.wav"),
        ("{root}/{call_id:06d}-{recording_id}.opus", "000007-42.opus"),
        ("{started_at:%Y}/a{{b}}/{recording_id}", "2026/a{b}/42"),
    ],
)
def test_the_date_is_cut_in_the_business_time_zone(template: str, path: str) -> None:
    """16:30 UTC on the last of March is the first of April in Shanghai."""
    assert parse_template(template, SHANGHAI).path(ROW) == PurePosixPath(path)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{root}/{phone}.wav", "unknown field {phone}"),
        ("{root}/{}.wav", "unknown field {}"),
        ("{root}/{0}.wav", "unknown field {0}"),
        ("{root}/{recording_id.__class__}.wav", "unknown field {recording_id.__class__}"),
        ("{root}/{recording_id[0]}.wav", "unknown field {recording_id[0]}"),
        ("{root}/{recording_id!r}.wav", "converts {recording_id!r}"),
        ("{root}/{recording_id:{call_id}}.wav", "nests a field in {recording_id}"),
        ("{root}/{recording_id.wav", "cannot be read"),
        ("{root}/{started_at}/{recording_id}.wav", "needs a format in {started_at}"),
        ("{root}/{started_at:%Y}.wav", "does not tell one recording from another"),
        ("{root}/{recording_id:%Y}.wav", "makes no path"),
        ("/srv/{recording_id}.wav", "leads outside the root"),
        ("{root}//etc/{recording_id}", "leads outside the root"),
        ("{root}/../{recording_id}.wav", "leads outside the root"),
        ("{root}/{started_at:%Y/../..}/{recording_id}.wav", "leads outside the root"),
        ("{root}/\0{recording_id}.wav", "holds a NUL character"),
        ("", "does not tell one recording from another"),
    ],
)
def test_each_mistake_is_named_with_its_fix(template: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_template(template, SHANGHAI)
    assert problem in str(caught.value)
    assert str(caught.value).endswith(f"Fix: write it like {DEFAULT_TEMPLATE}")


@given(st.text(), st.sampled_from(["{root}/{recording_id}", "{root}/a/{recording_id}/b", "{root}/{recording_id}.wav"]))
def test_no_row_leads_outside_the_root(identifier: str, template: str) -> None:
    """Identifiers are text where the operator's own view has it so."""
    try:
        path = parse_template(template, SHANGHAI).path(RecordingRow(identifier, 1, LATE, 1))
    except UnknownPathError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert path.parts


@pytest.mark.parametrize("identifier", ["..", "../../etc/passwd", "/etc/passwd", "a/b", "", "a\0b", None])
def test_an_identifier_that_is_no_part_of_a_path_is_unknown(identifier: str | None) -> None:
    with pytest.raises(UnknownPathError):
        parse_template("{root}/{recording_id}", SHANGHAI).path(RecordingRow(identifier, 1, LATE, 1))


def test_text_where_the_template_formats_a_number_is_unknown() -> None:
    with pytest.raises(UnknownPathError):
        parse_template("{root}/{recording_id:06d}", SHANGHAI).path(RecordingRow("abc", 1, LATE, 1))
