"""Grafana's named colours, palettes and scales."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

# Hue -> its shades from the lightest to the darkest: super-light, light, (plain), semi-dark, dark of the dark theme and
# one more. Lighter grounds need stronger colours: the light theme's begin with the second shade.
HUES: Final[Mapping[str, Sequence[str]]] = {
    "red": ("#FFA6B0", "#FF7383", "#F2495C", "#E02F44", "#C4162A", "#AD0317"),
    "orange": ("#FFCB7D", "#FFB357", "#FF9830", "#FF780A", "#FA6400", "#E55400"),
    "yellow": ("#FFF899", "#FFEE52", "#FADE2A", "#F2CC0C", "#E0B400", "#CC9D00"),
    "green": ("#C8F2C2", "#96D98D", "#73BF69", "#56A64B", "#37872D", "#19730E"),
    "blue": ("#C0D8FF", "#8AB8FF", "#5794F2", "#3274D9", "#1F60C4", "#1250B0"),
    "purple": ("#DEB6F2", "#CA95E5", "#B877D9", "#A352CC", "#8F3BB8", "#7C2EA3"),
}
LIGHTEST: Final[Mapping[str, int]] = {"dark": 0, "light": 1}
SHADES: Final = ("super-light-", "light-", "", "semi-dark-", "dark-")
CLASSIC: Final = (
    "green", "semi-dark-yellow", "light-blue", "semi-dark-orange", "red", "blue", "purple", "#705DA0", "dark-green",
    "yellow", "#447EBC", "#C15C17", "#890F02", "#0A437C", "#6D1F62", "#584477", "#B7DBAB", "#F4D598", "#70DBED",
    "#F9BA8F", "#F29191", "#82B5D8", "#E5A8E2", "#AEA2E0", "#629E51", "#E5AC0E", "#64B0C8", "#E0752D", "#BF1B00",
    "#0A50A1", "#962D82", "#614D93", "#9AC48A", "#F2C96D", "#65C5DB", "#F9934E", "#EA6460", "#5195CE", "#D683CE",
    "#806EB7",
)  # fmt: skip
SCALES: Final[Mapping[str, Sequence[str]]] = {
    "continuous-GrYlRd": ("green", "yellow", "red"),
    "continuous-RdYlGr": ("red", "yellow", "green"),
    "continuous-BlYlRd": ("dark-blue", "super-light-yellow", "dark-red"),
    "continuous-YlRd": ("super-light-yellow", "dark-red"),
    "continuous-BlPu": ("blue", "purple"),
    "continuous-YlBl": ("super-light-yellow", "dark-blue"),
    "continuous-blues": ("panel", "dark-blue"),
    "continuous-reds": ("panel", "dark-red"),
    "continuous-greens": ("panel", "dark-green"),
    "continuous-purples": ("panel", "dark-purple"),
}
EVERYWHERE: Final = {"transparent": "rgba(0,0,0,0)", "white": "#FFFFFF", "black": "#000000", "gray": "#808080"}
THEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "dark": {**EVERYWHERE, "text": "#CCCCDC", "panel": "#181B1F"},
    "light": {**EVERYWHERE, "text": "#24292E", "panel": "#FFFFFF"},
}


def colour(name: str, theme: str = "dark") -> str:
    """The CSS colour of a name of Grafana's; CSS colours are given back as they are."""
    if name in THEMES[theme]:
        return THEMES[theme][name]
    if name == "grey":
        return THEMES[theme]["gray"]
    found = re.fullmatch(r"((?:super-light|light|semi-dark|dark)-|)(\w+)", name)
    if found and found[2] in HUES:
        return HUES[found[2]][LIGHTEST[theme] + SHADES.index(found[1])]
    return name


def classic(index: int, theme: str = "dark") -> str:
    """The colour of the n-th series."""
    return colour(CLASSIC[index % len(CLASSIC)], theme)


def scale(mode: str, share: float, theme: str = "dark") -> str:
    """The colour at a share (0 to 1) of a continuous scale."""
    stops = [colour(name, theme) for name in SCALES[mode]]
    place = max(0.0, min(1.0, share)) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return _mixed(stops[index], stops[index + 1], place - index)


def step_colour(thresholds: Mapping[str, Any], value: float, share: float, theme: str = "dark") -> str:
    """The colour of the last step that the value (or, in percentage mode, the share) reaches."""
    measured = share * 100 if thresholds.get("mode") == "percentage" else value
    name = "green"
    for step in thresholds.get("steps") or ():
        floor = step.get("value")
        if floor is None or measured >= floor:
            name = step["color"]
    return colour(name, theme)


def _mixed(first: str, second: str, share: float) -> str:
    pairs = zip(parts(first), parts(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def parts(css: str) -> tuple[int, int, int]:
    """Red, green and blue of #RGB, #RRGGBB or rgb(...); black where it is something else."""
    if css.startswith("#"):
        digits = css[1:] if len(css) >= 7 else "".join(each * 2 for each in css[1:])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    found = re.findall(r"[\d.]+", css)
    return (int(float(found[0])), int(float(found[1])), int(float(found[2]))) if len(found) >= 3 else (0, 0, 0)


def contrast(background: str) -> str:
    """Text that is readable on a coloured ground, by Grafana's measure of contrast."""
    return "#FFFFFF" if _ratio(parts(background)) >= 2.5 else "#000000"


def _ratio(rgb: tuple[int, int, int]) -> float:
    linear = [(c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in rgb]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
