"""What the live screen costs inference: tokens a second with it against headless, alternating.

Usage: python tests/benchmarks/screen_cost.py [MODEL] [--rounds 6]   (Linux and macOS: it needs a pseudo-terminal)
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from common import last_line, ratio_line

from weighin.engine.events.run import SpeedMeasured, VerdictReached
from weighin.engine.prepare.demo import sample_model
from weighin.engine.store.store import Store


def run(model: Path, home: Path, *, screen: bool) -> dict[str, float]:
    """Best clean median of each kind from a run of its own."""
    command = [sys.executable, "-m", "weighin.tui", "run", "-m", str(model), "--repeats", "5", "--limit", "16"]
    environment = {**os.environ, "WEIGHIN_HOME": str(home), "TERM": "xterm-256color"}
    if screen:
        _on_a_terminal([*command, "--tui"], environment, home)
    else:
        subprocess.run(command, env=environment, check=True, capture_output=True)
    with Store.open(home / "data" / "runs.sqlite3") as store:
        events = store.events(store.runs()[0].id)
    found = {}
    for kind in ("prompt", "generation"):
        rates = [e.tokens_per_second for e in events if isinstance(e, SpeedMeasured) and e.kind == kind and e.final]
        found[kind] = statistics.median(rates)
    return found


def _on_a_terminal(command: list[str], environment: dict[str, str], home: Path) -> None:
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))
    with subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True
    ) as app:
        os.close(child)
        asked_at = 0.0
        while app.poll() is None:
            ready, _w, _x = select.select([parent], [], [], 0.5)
            if ready:
                try:
                    os.read(parent, 65536)
                except OSError:
                    break
            if time.monotonic() - asked_at > 2 and _finished(home):
                os.write(parent, b"q")
                asked_at = time.monotonic()
    os.close(parent)


def _finished(home: Path) -> bool:
    path = home / "data" / "runs.sqlite3"
    if not path.exists():
        return False
    with Store.open(path) as store:
        rows = store.runs()
        return bool(rows) and any(isinstance(e, VerdictReached) for e in store.events(rows[0].id, "VerdictReached"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, nargs="?", default=None)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    model = options.model or sample_model()
    ratios: dict[str, list[float]] = {"prompt": [], "generation": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            both = {}
            for screen in (True, False) if number % 2 else (False, True):
                both[screen] = run(model, Path(folder) / f"{number}-{screen}", screen=screen)
            for kind, values in ratios.items():
                values.append(both[True][kind] / both[False][kind])
            print(f"round {number + 1}: on a screen {both[True]}, headless {both[False]}")
    for kind, values in ratios.items():
        print(ratio_line(f"{kind} on a screen / headless", values))
    last_line({"benchmark": "screen_cost", **{kind: statistics.median(values) for kind, values in ratios.items()}})


if __name__ == "__main__":
    main()
