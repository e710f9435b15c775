"""What of an `alert` stanza takes effect: an operator who takes a window away need not mend the stanza too."""

from __future__ import annotations

from exporter.semantic.spec import AlertSpec, CatalogueSpec, KpiSpec


def own_windows(spec: CatalogueSpec, kpi: KpiSpec) -> dict[str, int]:
    """The windows that a KPI has, with their seconds."""
    if kpi.kind == "uplift":
        return {}
    return {name: w.seconds for name, w in spec.windows.items() if kpi.windows is None or name in kpi.windows}


def effective(spec: CatalogueSpec, kpi: KpiSpec) -> AlertSpec:
    """The stanza without the windows that are not there, and without fast ones when nothing strict can judge them."""
    alert, own = kpi.alert, own_windows(spec, kpi)
    tail = spec.kpis.get(alert.tail) if alert.tail is not None else None
    judge = kpi if kpi.kind == "ratio" and alert.bounds else tail
    judged = own_windows(spec, judge) if judge is not None and judge.enabled else {}
    fast = [name for name in alert.fast if name in own and name in judged]
    return alert.model_copy(
        update={
            "fast": fast,
            "tail": alert.tail if fast else None,
            "window": alert.window if alert.window in own else None,
            "late": alert.late if alert.late in own else None,
            "burn": [burn for burn in alert.burn if burn.long in own and burn.short in own],
        }
    )
