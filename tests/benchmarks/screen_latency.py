"""How long the user waits: for the first frame, and for a key to be painted while a model is generating.

    python tests/benchmarks/screen_latency.py [MODEL…] [--keys 60] [--starts 5]

Wanted: first frame in under 1 s warm; a key painted within 50 ms at the 95th percentile. Measured from outside, in a
pseudo-terminal, on the real program: from the start of the process to the first full frame, and from writing a key to
the first byte that comes back. The screen paints on a timer too, so some keys meet a frame that was coming anyway;
such a frame comes every 2 s, so one in forty at a latency of 50 ms.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

from common import last_line

from weighin.engine.prepare.demo import demo_plan
from weighin.engine.stats.quantiles import percentile


class Terminal:
    """A program in a pseudo-terminal of a given size."""

    def __init__(self, command: list[str], environment: dict[str, str], size: tuple[int, int]) -> None:
        self.started = time.perf_counter()
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvpe(command[0], command, environment)

    def read(self, timeout_s: float) -> bytes:
        """What has come, empty after ``timeout_s``."""
        ready, _, _ = select.select([self._file], [], [], timeout_s)
        try:
            return os.read(self._file, 1 << 20) if ready else b""
        except OSError:  # the program has ended
            return b""

    def until(self, words: bytes, timeout_s: float) -> float:
        """Seconds since the start until ``words`` were painted."""
        seen = b""
        while time.perf_counter() - self.started < timeout_s:
            seen += self.read(0.05)
            if words in seen:
                return time.perf_counter() - self.started
        raise TimeoutError(f"{words!r} did not come within {timeout_s} s")

    def drain(self, quiet_s: float) -> None:
        """Read until nothing has come for so long."""
        while self.read(quiet_s):
            pass

    def key(self, key: bytes) -> float:
        """Seconds from writing a key to the first byte painted."""
        pressed = time.perf_counter()
        os.write(self._file, key)
        while not self.read(0.5):
            if time.perf_counter() - pressed > 2:
                break
        return time.perf_counter() - pressed

    def end(self) -> None:
        os.kill(self.pid, 15)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            self.read(0.05)
        else:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self._file)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", type=Path, nargs="*", help="two or more; by default the sample model's variants")
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--starts", type=int, default=5)
    arguments = parser.parse_args()
    models = [str(model) for model in arguments.models] or [c.path for c in demo_plan(print).candidates]
    program = str(Path(sys.executable).with_name("weighin"))
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, WEIGHIN_HOME=home, TERM="xterm-256color", COLORTERM="truecolor")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # with it every start compiles our modules again
        frames = []
        for _ in range(arguments.starts + 1):
            terminal = Terminal([program], environment, (120, 40))
            frames.append(terminal.until(b"Hardware", 20))
            terminal.end()
        warm = frames[1:]
        spread = f"[{min(warm):.2f} … {max(warm):.2f}]  cold {frames[0]:.2f} s"
        print(f"first frame   median {statistics.median(warm):.2f} s  {spread}")
        named = [word for model in models for word in ("-m", model)]
        command = [program, "run", "--tui", *named, "-s", "everyday-choice", "--repeats", "60"]
        terminal = Terminal(command, environment, (120, 40))
        terminal.until(b"generation", 60)
        time.sleep(5)
        waits = []
        for number in range(arguments.keys):
            terminal.drain(0.15)
            waits.append(terminal.key(b"\x1b[C"))  # the focus moves to the next panel
            time.sleep(0.1 + 0.013 * (number % 7))
        terminal.end()
    milliseconds = [wait * 1000 for wait in waits]
    p95 = percentile(milliseconds, 95)
    print(f"key to paint  median {statistics.median(milliseconds):.0f} ms, p95 {p95:.0f} ms, n={len(waits)}")
    last_line(
        {"first_frame_s": statistics.median(warm), "key_p50_ms": statistics.median(milliseconds), "key_p95_ms": p95}
    )


if __name__ == "__main__":
    main()
