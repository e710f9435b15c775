"""The bar gauge: one bar a value."""

from __future__ import annotations

from devtools.preview.markup import empty, tag, text
from devtools.preview.scene import View
from devtools.preview.values import Single, singles

# From this height on the name stands above its bar.
TALL = 40


def draw(view: View) -> str:
    """The inside of the panel."""
    found = singles(view)
    if not found:
        return empty(view.empty_text)
    if view.panel.options.get("orientation") == "vertical":
        return tag("div", "".join(_standing(view, each) for each in found), "bars standing")
    placement = view.panel.options.get("namePlacement") or "auto"
    above = placement == "top" or (placement == "auto" and view.height / len(found) > TALL)
    bars = "".join(_lying(view, each) for each in found)
    return tag("div", bars, f"bars {'above' if above else 'beside'}")


def _lying(view: View, single: Single) -> str:
    bar = tag("div", _filled(view, single, "width", "90deg"), "bar-track")
    value = tag("div", text(single.shown.text), "bar-value", {"color": single.shown.colour})
    return tag("div", tag("div", text(single.name), "bar-name") + bar + value, "bar")


def _standing(view: View, single: Single) -> str:
    bar = tag("div", _filled(view, single, "height", "0deg"), "bar-track")
    value = tag("div", text(single.shown.text), "bar-value", {"color": single.shown.colour})
    return tag("div", value + bar + tag("div", text(single.name), "bar-name"), "bar")


def _filled(view: View, single: Single, side: str, direction: str) -> str:
    colour = single.shown.colour
    share = max(0.0, min(1.0, single.shown.share))
    solid = view.panel.options.get("displayMode", "gradient") == "basic"
    ground = f"{colour}66" if solid and colour.startswith("#") else colour
    if not solid:
        ground = f"linear-gradient({direction}, {colour}33, {colour})" if colour.startswith("#") else colour
    edge = "border-right" if side == "width" else "border-top"
    return tag("div", "", "bar-fill", {side: f"{share:.2%}", "background": ground, edge: f"2px solid {colour}"})
