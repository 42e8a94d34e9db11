"""What one candidate does in a round: asks its worker for a step and turns the reports into events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol, TypeVar

from ..errors import WeighinError
from ..events.askings import RepeatedItem, RewordedItem, TurnedItem
from ..events.run import (
    AnswerScored,
    BlockRepeated,
    BlockScored,
    ChatMeasured,
    Event,
    MemoryMeasured,
    OptionsTurned,
    Phase,
    PromptsReworded,
    SamplesDrawn,
    SpeedKind,
    SpeedMeasured,
)
from ..hardware.load import background_load
from ..plan.model import Candidate, Plan, PromptStyle
from ..tasks.items import Item, Suite
from ..tasks.requests import ChoiceRequest, ChoiceResult, GenerateRequest, GenerateResult, build_request
from ..tasks.scoring import score
from ..tasks.variants import TEMPLATES
from ..worker.protocol import (
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
from .reasking import Reasking, RepeatStep, RewordStep, SampleStep, TurnStep
from .rounds import BlockStep, ChatStep, SpeedStep, Step, block_range

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

    @cached_property
    def _reasking(self) -> Reasking:
        return Reasking(self._host.plan.consistency, tuple(self._suites.values()))

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
        elif isinstance(step, TurnStep):
            await self._turn(step)
        elif isinstance(step, RewordStep):
            await self._reword(step)
        elif isinstance(step, RepeatStep):
            await self._repeat(step)
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
        items = self._reasking.sampled(step)
        self._host.phase(self._candidate.id, "answering", f"{items[0].id}, {wanted.samples} times")
        requests = (build_request(suite.spec, item) for item in items)
        command = Sample(
            requests=tuple(request for request in requests if isinstance(request, GenerateRequest)),
            style=self._style(suite),
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

    async def _turn(self, step: TurnStep) -> None:
        suite = self._suites[step.suite]
        found: list[TurnedItem] = []
        elapsed_s = 0.0
        for item, ways in self._reasking.turned(step):
            self._host.phase(self._candidate.id, "answering", f"{item.id}, options turned")
            # One item at a time: all its orders share the solved examples and the question.
            done = await self._answer(suite, [build_request(suite.spec, way) for way in ways])
            elapsed_s += done.elapsed_s
            answers = await self._scored(suite, ways, done)
            chosen = tuple(item.choices.index(answer.output) for answer in answers)
            found.append(TurnedItem(item=item.id, gold=item.gold, chosen=chosen))
        self._host.emit(
            OptionsTurned(
                candidate=self._candidate.id,
                suite=step.suite,
                part=step.part,
                items=tuple(found),
                elapsed_s=elapsed_s,
            )
        )

    async def _reword(self, step: RewordStep) -> None:
        suite = self._suites[step.suite]
        wanted = self._reasking.reworded(step)
        by_template: list[list[AnswerScored]] = []
        elapsed_s = 0.0
        # Template after template: solved examples in the same template are computed once for all items.
        for number, name in enumerate(TEMPLATES):
            self._host.phase(self._candidate.id, "answering", f"{wanted[0][0].id}, worded as {name}")
            done = await self._answer(suite, [ways[number] for _item, ways in wanted])
            elapsed_s += done.elapsed_s
            by_template.append(await self._scored(suite, [item for item, _ways in wanted], done))
        metric = suite.spec.metric
        found = tuple(
            RewordedItem(
                item=item.id,
                scores=tuple(answers[place].scores.get(metric, 0.0) for answers in by_template),
                answers=tuple(answers[place].extracted for answers in by_template),
            )
            for place, (item, _ways) in enumerate(wanted)
        )
        self._host.emit(
            PromptsReworded(
                candidate=self._candidate.id,
                suite=step.suite,
                part=step.part,
                templates=tuple(TEMPLATES),
                items=found,
                elapsed_s=elapsed_s,
            )
        )

    async def _repeat(self, step: RepeatStep) -> None:
        suite = self._suites[step.suite]
        items = [suite.items[index] for index in block_range(suite, step.block)]
        self._host.phase(self._candidate.id, "answering", f"{items[0].id}, once more")
        done = await self._answer(suite, [build_request(suite.spec, item) for item in items])
        answers = await self._scored(suite, items, done)
        found = tuple(
            RepeatedItem(
                item=answer.item,
                output=answer.output,
                log_likelihoods=tuple(option.log_likelihood for option in answer.options),
            )
            for answer in answers
        )
        self._host.emit(
            BlockRepeated(
                candidate=self._candidate.id,
                suite=step.suite,
                block=step.block,
                items=found,
                elapsed_s=done.elapsed_s,
            )
        )

    async def _block(self, step: BlockStep) -> None:
        suite = self._suites[step.suite]
        items = [suite.items[index] for index in block_range(suite, step.block)]
        self._host.phase(self._candidate.id, "answering", items[0].id)
        done = await self._answer(suite, [build_request(suite.spec, item) for item in items])
        answers = await self._scored(suite, items, done)
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

    def _style(self, suite: Suite) -> PromptStyle:
        return suite.spec.prompt_style if self._candidate.prompt_style != "plain" else "plain"

    async def _answer(
        self, suite: Suite, requests: Sequence[ChoiceRequest | GenerateRequest]
    ) -> ChoicesScored | Generated:
        """The requests as one block; all are of the suite's kind."""
        style = self._style(suite)
        choices = tuple(request for request in requests if isinstance(request, ChoiceRequest))
        if choices:
            return await self._ask(ScoreChoices(requests=choices, style=style), ChoicesScored, "answering")
        texts = tuple(request for request in requests if isinstance(request, GenerateRequest))
        return await self._ask(Generate(requests=texts, style=style), Generated, "answering")

    async def _scored(self, suite: Suite, items: Sequence[Item], done: ChoicesScored | Generated) -> list[AnswerScored]:
        results: tuple[ChoiceResult | GenerateResult, ...] = done.results

        def score_all() -> list[AnswerScored]:
            pairs = zip(items, results, strict=True)
            return [score(suite, item, result, candidate=self._candidate.id) for item, result in pairs]

        # Some scorers import slow libraries or run code: not on the loop that paints.
        return await asyncio.to_thread(score_all)
