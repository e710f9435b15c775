"""What is recorded on the stage as changed: the wording, as in the case, and a model by which nothing became better."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from devtools.stage.platform import CHANGE_DAYS_AGO

MODEL_DAYS_AGO = 12
FILE = """\
changes:
  - id: plain-words
    at: {words}
    kind: script
    title: {{zh: 通俗话术, en: Plain words}}
    scope: {{generation: elderly}}
    kpis: {{early_hangup: {{delta: -0.05}}, csat: {{}}, lead_conversion: {{}}}}
  - id: dialect-model
    at: {model}
    kind: model
    title: {{zh: 方言识别模型, en: Model of dialects}}
    scope: {{dialect: [cantonese, sichuanese]}}
    kpis: {{asr_accuracy: {{delta: 0.02}}}}
"""


def changes(now: datetime) -> str:
    """The file of changes; each was made at midnight, as the simulator's is. `now`: in the business time zone."""
    days = (now.date() - timedelta(days=days) for days in (CHANGE_DAYS_AGO, MODEL_DAYS_AGO))
    words, model = (datetime.combine(day, time(), now.tzinfo).isoformat() for day in days)
    return FILE.format(words=words, model=model)
