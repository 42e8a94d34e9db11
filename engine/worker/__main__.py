"""Entry point of the worker process: sets up the pipes, then carries out commands until its input ends."""

from __future__ import annotations

import os
import sys

import msgspec

from ..errors import WeighinError
from ..hardware.process import die_with_parent, parent_is_gone
from ..llama.backend import load_library
from .protocol import Command, Ready, Refused, Report


def main() -> int:
    """Serve commands from stdin. The first argument is the process id of the parent."""
    parent_pid = int(sys.argv[1])
    die_with_parent(parent_pid)
    # Native code may print to stdout, which is our pipe: keep the pipe to ourselves and point fd 1 at the log.
    pipe = os.dup(1)
    os.dup2(2, 1)

    def say(report: Report) -> None:
        if parent_is_gone(parent_pid):
            os._exit(0)
        line = memoryview(encoder.encode(report) + b"\n")
        while line:
            line = line[os.write(pipe, line) :]

    encoder = msgspec.json.Encoder()
    decoder = msgspec.json.Decoder(Command)

    # Before anything that imports NumPy: some CUDA builds of llama.cpp carry a C++ runtime of their own, and crash when
    # another one was loaded first.
    load_library()

    from ..llama.messages import LoggedError
    from .commands import Server

    server = Server(say)
    say(Ready(pid=os.getpid()))
    for line in sys.stdin.buffer:
        try:
            say(server.do(decoder.decode(line)))
        except WeighinError as error:
            say(Refused(what=error.what, hint=error.hint, logged=isinstance(error, LoggedError)))
    # No interpreter shutdown: freeing models that the kernel is about to free anyway takes seconds.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
