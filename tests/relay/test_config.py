"""The relay file: all errors at once, each with its line and its fix, none with what a secret file holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import ConfigError, ConfigErrors
from exporter.relay.config import RelayConfig, load_relay_file
from tests.relay.conftest import channel, relay_file, secret_files
from tests.relay.vendors import KINDS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret_files(tmp_path, "https://hook.example.org")
    return tmp_path


def load(folder: Path, text: str) -> RelayConfig:
    (folder / "relay.yml").write_text(text, encoding="utf-8")
    return load_relay_file(folder / "relay.yml")


def errors(folder: Path, text: str) -> list[str]:
    """The errors, without the folder."""
    with pytest.raises((ConfigError, ConfigErrors)) as failure:
        load(folder, text)
    return [line.replace(f"{folder}/", "") for line in str(failure.value).splitlines()]


def test_every_kind_of_channel(folder: Path) -> None:
    kinds = (*KINDS, "print")
    config = load_relay_file(relay_file(folder, {kind: channel(kind, "https://vendor.example.org") for kind in kinds}))
    assert set(config.channels) == set(kinds)
    assert config.receivers == {"page": kinds}
    assert "key-secret-1" not in repr(config)
    assert "13800000001" not in repr(config)


def test_defaults(folder: Path) -> None:
    """Limits that fit the vendor, without a word in the file."""
    config = load(folder, "channels:\n  a: {type: dingtalk, access_token_file: token}\nreceivers: {page: [a, a]}\n")
    spec = config.channels["a"].spec
    assert (spec.per_minute, spec.daily_budget, spec.language, config.remind_after) == (18, None, "both", 14_400)
    assert config.receivers == {"page": ("a",)}


def test_all_errors_come_together(folder: Path) -> None:
    found = errors(
        folder,
        """channels:
  duty: {type: aliyun_sms, access_key_id_file: id, access_key_secret_file: nothing, sign_name: x, numbers_file: bad,
         template_code: SMS_1, per_minut: 3}
  more: {type: aliyun_sms, access_key_id_file: id, access_key_secret_file: nothing, sign_name: x, numbers_file: bad,
         template_code: SMS_1}
  chat: {type: dingding}
  web:
    type: webhook
    url_file: secret
  rob: {type: wecom, key_file: url, endpoint: "http://example.org"}
receivers:
  page: [duty, chatt]
  none: []
colour: red
""",
    )
    (folder / "bad").write_text("13800000001\n138x\n")
    assert any(line.startswith("relay.yml:3: unknown key 'per_minut'. Fix: did you mean per_minute") for line in found)
    assert any("relay.yml:4: access_key_secret_file: the file nothing cannot be read" in line for line in found)
    assert any("relay.yml:6: channel chat has no known type. Fix: type is one of aliyun_sms" in line for line in found)
    assert any("relay.yml:9: url_file: the file secret does not hold a URL" in line for line in found)
    assert any("relay.yml:10: endpoint: must begin with https://" in line for line in found)
    assert any("relay.yml:12: there is no channel 'chatt'. Fix: did you mean chat?" in line for line in found)
    assert any("relay.yml:13: receiver none has no channel" in line for line in found)
    assert any("relay.yml:14: unknown key 'colour'" in line for line in found)
    assert not any("SEC-robot" in line for line in found)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "channels is missing"),
        ("- a\n", "relay.yml:1: is not a mapping"),
        ("channels: {a: {type: print}}\n", "receivers is missing"),
        ("channels: {A!: {type: print}}\nreceivers: {page: [A!]}\n", "string should match pattern"),
        ("channels: {a: {type: print, daily_budget: 0}}\nreceivers: {page: [a]}\n", "daily_budget: input should be"),
        ("channels: {a: {type: print, per_minute: '5'}}\nreceivers: {page: [a]}\n", "per_minute: input should be"),
        ("channels: {a: {type: print}}\nreceivers: {page: [a]}\nca_file: id\n", "ca_file holds no usable certificate"),
        ("channels: {a: {type: print}, a: {type: print}}\nreceivers: {page: [a]}\n", "key 'a' stands twice"),
    ],
)
def test_one_error(folder: Path, text: str, problem: str) -> None:
    assert problem in "\n".join(errors(folder, text))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("13800000001\nhello 13900000002\n", "line 2 of numbers is not a telephone number"),
        ("# nobody\n", "the file numbers holds no telephone number"),
        ("1" * 70_000, "the file numbers is too large"),
    ],
)
def test_numbers_that_are_none(folder: Path, content: str, problem: str) -> None:
    relay_file(folder, {"a": channel("aliyun_sms", "https://vendor.example.org")})
    (folder / "numbers").write_text(content)
    found = errors(folder, (folder / "relay.yml").read_text())
    assert problem in found[0]
    assert "13900000002" not in found[0]


def test_numbers_in_every_spelling(folder: Path) -> None:
    """China's with and without prefix are the same; others keep theirs; each is told once."""
    (folder / "numbers").write_text("138 0000 0001 # Li\n+8613800000001\n86-138-0000-0002\n+1 415 555 0100\n")
    config = load_relay_file(relay_file(folder, {"a": channel("aliyun_sms", "https://vendor.example.org")}))
    numbers = [number.get_secret_value() for number in config.channels["a"].numbers]
    assert numbers == ["+8613800000001", "+8613800000002", "+14155550100"]


@pytest.mark.parametrize("content", ["", "two words", "https://oapi.dingtalk.com/robot/send?access_token=abc", "中文"])
def test_a_token_that_is_none(folder: Path, content: str) -> None:
    (folder / "token").write_text(content)
    [found] = errors(folder, "channels:\n  a: {type: dingtalk, access_token_file: token}\nreceivers: {page: [a]}\n")
    assert found.startswith("relay.yml:2: access_token_file: the file token ")
    assert "access_token=abc" not in found


@pytest.mark.parametrize(
    "endpoint",
    ["https://a.example/path", "https://u:p@a.example", "ftp://a.example", "http://a.example", "x", "https://:x"],
)
def test_endpoints_that_are_none(folder: Path, endpoint: str) -> None:
    relay_file(folder, {"a": channel("wecom", endpoint)})
    assert "endpoint: " in errors(folder, (folder / "relay.yml").read_text())[0]
