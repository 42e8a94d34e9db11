"""A dark and a light theme, calm: one color for actions, one for figures, and warning colors only for warnings."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="weighin-dark",
    dark=True,
    primary="#6fa8c9",
    secondary="#8fb996",
    accent="#e0b873",
    foreground="#d5dae0",
    background="#14181d",
    surface="#1b2027",
    panel="#242b34",
    success="#8fc79a",
    warning="#e0a458",
    error="#d9777f",
    variables={
        "scrollbar": "#3a4552",
        "scrollbar-hover": "#4b5a6b",
        "scrollbar-active": "#6fa8c9",
        "scrollbar-background": "#191e24",
        "scrollbar-background-hover": "#191e24",
        "scrollbar-background-active": "#191e24",
        "scrollbar-corner-color": "#191e24",
    },
)
LIGHT = Theme(
    name="weighin-light",
    dark=False,
    primary="#2a6a94",
    secondary="#3d7a4a",
    accent="#9a6a12",
    foreground="#22282f",
    background="#f6f4ef",
    surface="#eeebe4",
    panel="#e2ded5",
    success="#2f7a3f",
    warning="#a0620f",
    error="#a8323c",
    variables={
        "scrollbar": "#c4beb2",
        "scrollbar-hover": "#aaa395",
        "scrollbar-active": "#2a6a94",
        "scrollbar-background": "#eeebe4",
        "scrollbar-background-hover": "#eeebe4",
        "scrollbar-background-active": "#eeebe4",
        "scrollbar-corner-color": "#eeebe4",
    },
)
