"""The garbage collector's pauses, counted in objects: no clock."""

from __future__ import annotations

import gc

from weighin.tui.app.gc_pauses import start_keeping, stop_keeping


async def test_full_collections_visit_few_objects_while_the_heap_grows() -> None:
    sizes = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            sizes.append(len(gc.get_objects()))

    threshold = gc.get_threshold()
    before = [[number] for number in range(1_000_000)]  # Python waits for a quarter as many before it collects again
    start_keeping()
    gc.callbacks.append(note)
    try:
        kept = [[number] for number in range(400_000)]
    finally:
        gc.callbacks.remove(note)
        stop_keeping()
    assert (len(before), len(kept)) == (1_000_000, 400_000)
    assert len(sizes) > 3
    assert max(sizes) < 200_000  # without freezing, the last one would visit everything
    assert (gc.get_threshold(), gc.get_freeze_count()) == (threshold, 0)
