"""The reference of the settings (docs/configuration.md), from the model that checks them."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from exporter.generate.files import head
from exporter.generate.markdown import block, code, page, table
from exporter.settings import PREFIX, Settings

# Defaults that depend on the machine, in words.
COMPUTED = {"state_dir": "$XDG_STATE_HOME/outcall-exporter, else ~/.local/state/outcall-exporter"}
EXAMPLES: dict[str, Any] = {
    "database_url_file": "secrets/database_url",
    "database_schema": "outcall",
    "listen": "0.0.0.0:9877",
    "web_config_file": "web.yaml",
    "state_dir": "/var/lib/outcall-exporter",
    "timezone": "Asia/Shanghai",
    "catalogue_files": ["kpis.yaml"],
    "link_capacity": {"eth0": 1_000_000_000},
    "recordings_dir": "/srv/recordings",
}
INTRO = f"""
# 配置 Configuration

一个 YAML 文件（`--config FILE` 或 `OUTCALL_CONFIG`），每个键也可用环境变量 `{PREFIX}<KEY>` 给出，环境变量优先。
One YAML file (`--config FILE` or `OUTCALL_CONFIG`); each key is also an environment variable `{PREFIX}<KEY>`, which
wins over the file. Times are in seconds.

- Paths in the file are relative to the file; in the environment, to the working folder.
- An unknown key is an error, told with file, line and fix; `outcall-exporter check --config FILE` finds all at once.
- Lists and mappings in the environment are written in YAML's flow style: `OUTCALL_CATALOGUE_FILES='[a.yaml, b.yaml]'`.
- Secrets come from files or the environment, never from the command line, and appear in no log, metric or error.
- `POST /-/reload` or SIGHUP loads the file again; a wrong one changes nothing and is told.
"""

OWN = "Your own KPIs, thresholds and mapped sources go into `catalogue_files`: see [adding-a-kpi.md](adding-a-kpi.md)."


def configuration_reference() -> str:
    """docs/configuration.md."""
    rows = [_row(key, field) for key, field in Settings.model_fields.items()]
    return (
        head("docs", "exporter/settings.py")
        + "\n"
        + page(
            INTRO,
            table(("键 Key", "环境变量 Environment", "默认 Default", "含义 Meaning"), rows),
            "## 示例 Example",
            block(example_file(), "yaml"),
            OWN,
        )
    )


def example_file() -> str:
    """A file that sets what most operators set."""
    lines = []
    for key, value in EXAMPLES.items():
        lines.append(f"{key}: {_yaml(value)}  # {Settings.model_fields[key].description}")
    return "\n".join(lines)


def _yaml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return str(value)


def _row(key: str, field: FieldInfo) -> tuple[str, str, str, str]:
    return code(key), code(PREFIX + key.upper()), _default(key, field), field.description or ""


def _default(key: str, field: FieldInfo) -> str:
    if key in COMPUTED:
        return COMPUTED[key]
    value = field.default
    if value is None or value in ("", [], {}) or isinstance(value, SecretStr):
        return "–"
    return code(str(value).lower() if isinstance(value, bool) else str(value))
