"""Fixtures for every test: a home of its own, tiny models that llama.cpp loads in milliseconds, the sample model."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.runs import write_choice_file, write_writing_file
from hypothesis import settings

from weighin.engine.gguf.tiny import write_tiny_model

pytest_plugins = ["fixtures.scripted_run", "fixtures.standin_hub", "fixtures.stored_runs", "fixtures.command_line"]

# A shell starts background jobs with Ctrl-C ignored, and children inherit that: tests of Ctrl-C would wait for nothing.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every machine, so that a change is judged by what it changed; no deadline, because machines are
# shared. `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("repeatable")

TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"


@pytest.fixture(scope="session", autouse=True)
def _shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures of a wider scope start workers too, before any test has its home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEIGHIN_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything weighin keeps goes below this folder."""
    folder = tmp_path / "home"
    monkeypatch.setenv("WEIGHIN_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three random models: a base model, one with a chat template, a quantized one."""
    folder = tmp_path_factory.mktemp("models")
    files = [folder / name for name in ("base.gguf", "chatty.gguf", "small.Q8_0.gguf")]
    write_tiny_model(files[0], seed=1)
    write_tiny_model(files[1], seed=2, chat_template=TEMPLATE)
    write_tiny_model(files[2], seed=3, weights="Q8_0")
    return files


@pytest.fixture
def choice_file(tmp_path: Path) -> Path:
    """Forty choice items."""
    return write_choice_file(tmp_path)


@pytest.fixture
def writing_file(tmp_path: Path) -> Path:
    """Forty generate items."""
    return write_writing_file(tmp_path)


@pytest.fixture(scope="session")
def sample_model() -> Path:
    """SmolLM2-135M-Instruct, which the demo extra installs."""
    from weighin.engine.prepare.demo import sample_model

    return sample_model()
