"""What one candidate does in a round: asks its worker for a step and turns the reports into events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeVar

from .errors import WeighinError
from .events import (
    AnswerScored,
    BlockScored,
    ChatMeasured,
    Event,
    MemoryMeasured,
    Phase,
    SamplesDrawn,
    SpeedKind,
    SpeedMeasured,
)
from .hardware.load import background_load
from .plan import Candidate, Plan
from .rounds import BlockStep, ChatStep, SampleStep, SpeedStep, Step, block_range, sample_range
from .tasks.items import Suite
from .tasks.requests import ChoiceRequest, ChoiceResult, GenerateRequest, GenerateResult, build_request
from .tasks.scoring import score
from .worker.protocol import (
    ChatDone,
    ChoicesScored,
    Command,
    Generate,
    Generated,
    MeasureChat,
    MeasureSpeed,
    Report,
    Sample,
    ScoreChoices,
    SpeedDone,
)

R = TypeVar("R")

_QUIET_CORES = 0.3
"""Other processes below this load are not worth waiting for."""
_QUIET_PATIENCE_S = 5.0


class Host(Protocol):
    """What a visit needs of the session."""

    plan: Plan

    def emit(self, event: Event) -> None: ...

    def emit_all(self, events: Sequence[Event]) -> None: ...

    def phase(self, candidate: str, phase: Phase, detail: str = "") -> None: ...

    def memory_measured(self, candidate: str) -> bool: ...

    def repeats_done(self, candidate: str, kind: SpeedKind) -> set[int]: ...

    async def ask(self, candidate: Candidate, command: Command, phase: Phase) -> Report: ...


class Visit:
    """One candidate's turn. ``do`` carries out one step and emits its events."""

    def __init__(self, host: Host, candidate: Candidate, suites: Sequence[Suite], prompts: Sequence[str]) -> None:
        self._host = host
        self._candidate = candidate
        self._suites = {suite.spec.name: suite for suite in suites}
        self._prompts = prompts

    async def do(self, step: Step) -> None:
        """Carry out one step.

        Raises:
            WorkerLostError, WorkerRefusedError: it was not done.
        """
        if isinstance(step, SpeedStep):
            for kind in ("prompt", "generation"):
                if step.repeat not in self._host.repeats_done(self._candidate.id, kind):
                    await self._speed(kind, step.repeat)
        elif isinstance(step, ChatStep):
            await self._chat(step.prompt)
        elif isinstance(step, SampleStep):
            await self._sample(step)
        else:
            await self._block(step)

    async def _ask(self, command: Command, expected: type[R], phase: Phase) -> R:
        report = await self._host.ask(self._candidate, command, phase)
        if not isinstance(report, expected):
            raise WeighinError(f"The worker for {self._candidate.id} answered {type(report).__name__} out of turn.")
        return report

    async def _speed(self, kind: SpeedKind, repeat: int) -> None:
        speed = self._host.plan.speed
        wanted = speed.n_prompt if kind == "prompt" else speed.n_generate
        n_tokens = min(wanted, self._host.plan.settings.n_ctx - 1)
        label = f"{'pp' if kind == 'prompt' else 'tg'}{n_tokens}"
        # The same random tokens for every candidate, others in each repeat.
        command = MeasureSpeed(kind=kind, n_tokens=n_tokens, seed=self._host.plan.settings.seed + repeat)
        for attempt in range(speed.max_disturbed_retries + 1):
            self._host.phase(self._candidate.id, "speed", label if attempt == 0 else f"{label} again, it was disturbed")
            done = await self._ask(command, SpeedDone, "speed")
            final = not done.disturbances or attempt == speed.max_disturbed_retries
            self._host.emit(
                SpeedMeasured(
                    candidate=self._candidate.id,
                    kind=kind,
                    repeat=repeat,
                    attempt=attempt,
                    n_tokens=n_tokens,
                    depth=0,
                    elapsed_s=done.elapsed_s,
                    tokens_per_second=n_tokens / done.elapsed_s,
                    disturbances=done.disturbances,
                    final=final,
                )
            )
            if kind == "generation" and not self._host.memory_measured(self._candidate.id):
                self._host.emit(
                    MemoryMeasured(
                        candidate=self._candidate.id,
                        peak_rss_bytes=done.peak_rss_bytes,
                        vram_bytes=done.vram_bytes,
                        n_ctx=self._host.plan.settings.n_ctx,
                    )
                )
            if final:
                return
            await self._wait_for_quiet(label)

    async def _wait_for_quiet(self, label: str) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _QUIET_PATIENCE_S
        # Sampling blocks for a moment: not on the loop that paints.
        while (busy := await asyncio.to_thread(background_load)) > _QUIET_CORES and loop.time() < deadline:
            self._host.phase(self._candidate.id, "speed", f"{label} waits: other processes use {busy:.1f} cores")
            await asyncio.sleep(0.5)

    async def _chat(self, prompt: int) -> None:
        self._host.phase(self._candidate.id, "latency", f"chat prompt {prompt + 1}")
        command = MeasureChat(prompt=self._prompts[prompt], n_tokens=self._host.plan.speed.chat_tokens)
        done = await self._ask(command, ChatDone, "latency")
        self._host.emit(
            ChatMeasured(
                candidate=self._candidate.id,
                prompt=prompt,
                n_prompt_tokens=done.n_prompt_tokens,
                ttft_s=done.ttft_s,
                inter_token_s=done.inter_token_s,
                disturbances=done.disturbances,
            )
        )

    async def _sample(self, step: SampleStep) -> None:
        suite, wanted = self._suites[step.suite], self._host.plan.consistency
        items = [suite.items[index] for index in sample_range(suite, step.part, wanted.items)]
        self._host.phase(self._candidate.id, "answering", f"{items[0].id}, {wanted.samples} times")
        requests = (build_request(suite.spec, item) for item in items)
        command = Sample(
            requests=tuple(request for request in requests if isinstance(request, GenerateRequest)),
            style=suite.spec.prompt_style if self._candidate.prompt_style != "plain" else "plain",
            samples=wanted.samples,
            temperature=wanted.temperature,
            seed=self._host.plan.settings.seed,
        )
        done = await self._ask(command, Generated, "answering")

        def score_all() -> list[AnswerScored]:
            repeats = [(item, repeat + 1) for item in items for repeat in range(wanted.samples)]
            pairs = zip(repeats, done.results, strict=True)
            return [score(suite, i, result, candidate=self._candidate.id, repeat=n) for (i, n), result in pairs]

        answers = await asyncio.to_thread(score_all)
        drawn = SamplesDrawn(
            candidate=self._candidate.id,
            suite=step.suite,
            part=step.part,
            items=len(items),
            samples=wanted.samples,
            elapsed_s=done.elapsed_s,
        )
        self._host.emit_all([*answers, drawn])

    async def _block(self, step: BlockStep) -> None:
        suite = self._suites[step.suite]
        items = [suite.items[index] for index in block_range(suite, step.block)]
        self._host.phase(self._candidate.id, "answering", items[0].id)
        requests = [build_request(suite.spec, item) for item in items]
        choices = tuple(r for r in requests if isinstance(r, ChoiceRequest))
        generations = tuple(r for r in requests if isinstance(r, GenerateRequest))
        done: ChoicesScored | Generated
        style = suite.spec.prompt_style if self._candidate.prompt_style != "plain" else "plain"
        if choices:
            done = await self._ask(ScoreChoices(requests=choices, style=style), ChoicesScored, "answering")
        else:
            done = await self._ask(Generate(requests=generations, style=style), Generated, "answering")
        results: tuple[ChoiceResult | GenerateResult, ...] = done.results

        def score_all() -> list[AnswerScored]:
            pairs = zip(items, results, strict=True)
            return [score(suite, item, result, candidate=self._candidate.id) for item, result in pairs]

        # Some scorers import slow libraries or run code: not on the loop that paints.
        answers = await asyncio.to_thread(score_all)
        block = BlockScored(
            candidate=self._candidate.id,
            suite=step.suite,
            block=step.block,
            items=len(items),
            n_unique_prompt_tokens=done.n_unique_prompt_tokens,
            n_output_tokens=done.n_output_tokens if isinstance(done, Generated) else 0,
            elapsed_s=done.elapsed_s,
        )
        # One transaction: a block is answered as a whole or not at all.
        self._host.emit_all([*answers, block])
