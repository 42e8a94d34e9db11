"""The types of a plan: candidates, suites, settings, limits.

A ``Plan`` is everything a run depends on. It is stored with the run, so that resuming needs nothing else. This module
holds only the types; ``files`` reads and writes them, ``checks`` finds values that make no sense.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

PromptStyle = Literal["auto", "chat", "plain"]
KvType = Literal["f16", "q8_0", "q4_0"]
FlashAttention = Literal["auto", "on", "off"]
LongPrompts = Literal["raise-context", "count-wrong", "cut-start"]

DATA_SUFFIXES = (".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx")
"""File types that your own data can have, in a folder or on the hub. A file that is named itself can have any name."""


class PlanPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A table of a plan file: an unknown key is an error that names it, and defaults are not written."""


class Candidate(PlanPart, frozen=True, kw_only=True):
    """A model file with its settings, competing in a run."""

    id: str
    """Short and unique in the plan: letters, digits, ``-``, ``_`` and ``.``; neither ``-`` nor ``.`` comes first."""
    path: str
    """The GGUF file; for a split model its first part."""
    name: str
    """What people call it, such as ``SmolLM2 135M Instruct``."""
    quant: str = ""
    """File type in llama.cpp's words, such as ``Q4_K_M``; empty when the header does not say."""
    size_bytes: int = 0
    """Size on disk, all parts together."""
    sha256: str = ""
    """SHA-256 of the file, or of the parts' hashes for a split model. Empty until computed."""
    prompt_style: PromptStyle = "auto"
    """``chat`` uses the model's own template, ``plain`` none; ``auto`` means chat when the file has a template."""
    note: str = ""
    """Shown beside the name, such as ``requantized from Q4_1``."""
    store: str = ""
    """The MODEL of another program's store that it is, such as ``ollama:llama3.2:3b``; empty for other files."""
    store_unused: tuple[str, ...] = ()
    """What that program adds to the file and weighin leaves out, such as ``system prompt``."""


class BuiltInSuite(msgspec.Struct, frozen=True, kw_only=True):
    """A suite that weighin defines: how it is asked and scored is fixed."""

    name: str
    limit: int = 0
    """Maximum number of items, taken from the start of the fixed shuffle. 0 uses the plan's limit."""
    data: str = ""
    """Folder or file with your own copy of a reference suite's data. Empty: wherever weighin finds it."""
    data_sha256: str = ""
    """SHA-256 of a reference suite's data when the run started. Resuming fails when the data has changed since."""


class FileSource(msgspec.Struct, frozen=True, kw_only=True):
    """Data on this machine."""

    path: str
    """A JSONL, CSV or Parquet file, a folder of them, or a task file of lm-evaluation-harness."""


class HubSource(msgspec.Struct, frozen=True, kw_only=True):
    """A data set on the Hugging Face hub."""

    repo: str
    """``owner/name``."""
    pattern: str
    """The files to read, such as ``data/test-*.parquet``."""
    revision: str = ""
    """Branch, tag or commit; empty means ``main``. A run that has started has the commit here."""


class Reading(PlanPart, frozen=True, kw_only=True):
    """How the files of your own data are read. What is not set is found out from the files."""

    delimiter: str = ""
    """One character between the cells of a table."""
    encoding: str = ""
    """A codec that Python knows, such as ``cp1252``."""
    header: bool | None = None
    """Whether the first line of a table holds the column names."""
    index: Literal[0, 1] | None = None
    """The number of the first choice, where answers are numbers of choices."""
    sheet: str = ""
    """Sheet of a workbook."""
    rows: str = ""
    """Field of a JSON document that holds the rows; ``a.b`` reaches into objects."""
    lists: bool = True
    """Whether text such as ``["red", "blue"]`` in an answer is a list of right answers."""


class OwnAsking(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How your own data is asked and scored. What is empty or 0 follows from the scorer."""

    columns: dict[str, str] = {}
    """From column names in the data to the names weighin knows."""
    shots: int = 0
    """Number of rows, from the first, that become worked examples in every prompt."""
    scorer: str = ""
    """Scorer of generate items; empty means ``exact``."""
    extractor: str = ""
    metric: str = ""
    right_at: float = 0.0
    """For graded metrics, an answer counts as correct from this score up."""
    max_tokens: int = 0
    stop: tuple[str, ...] | None = None
    """None follows from the scorer; empty means no stop text."""
    system: str = ""
    """System message for items that have none of their own."""
    reading: Reading = Reading()

    def changes(self) -> tuple[str, ...]:
        """Names of the fields that are set, in the order of the class."""
        usual = OwnAsking()
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) != getattr(usual, name))


class OwnSuite(msgspec.Struct, frozen=True, kw_only=True):
    """Your own data as a suite."""

    name: str
    source: FileSource | HubSource
    asking: OwnAsking = OwnAsking()
    limit: int = 0
    """Maximum number of items, taken from the start of the fixed shuffle. 0 uses the plan's limit."""
    data_sha256: str = ""
    """SHA-256 of the data when the run started. Resuming fails when the data has changed since."""


PlannedSuite: TypeAlias = BuiltInSuite | OwnSuite


def data_path(suite: PlannedSuite) -> str:
    """The file or folder the suite's data is read from. Empty: built in, from the hub, or not named."""
    if isinstance(suite, BuiltInSuite):
        return suite.data
    return suite.source.path if isinstance(suite.source, FileSource) else ""


def with_data_path(suite: PlannedSuite, path: str) -> PlannedSuite:
    """The suite with its data in the file or folder ``path``."""
    if isinstance(suite, BuiltInSuite):
        return msgspec.structs.replace(suite, data=path)
    return msgspec.structs.replace(suite, source=FileSource(path=path))


class Settings(PlanPart, frozen=True, kw_only=True):
    """Settings that are the same for every candidate. All but the last are passed to llama.cpp unchanged."""

    n_ctx: int = 4096
    n_batch: int = 2048
    n_ubatch: int = 512
    n_threads: int = 0
    """0 means one per physical core this process may use; the resulting number is stored with the run."""
    n_gpu_layers: int = -1
    """-1 means as many as the build can offload."""
    flash_attention: FlashAttention = "auto"
    kv_type: KvType = "f16"
    use_mmap: bool = True
    long_prompts: LongPrompts = "raise-context"
    """What happens to a prompt that is longer than ``n_ctx``. ``raise-context``: the item is answered in a longer
    context, as far as the model was trained and memory allows; beyond that it counts as wrong. ``count-wrong``: it is
    not asked. ``cut-start``: it loses its beginning, as in lm-evaluation-harness."""
    seed: int = 1234
    max_thinking_tokens: int = 2048
    """Tokens that a reasoning model may think before each answer; 0 means as many as the context holds."""


class SpeedPlan(PlanPart, frozen=True, kw_only=True):
    """How speed is measured; the defaults are llama-bench's pp512 and tg128."""

    n_prompt: int = 512
    n_generate: int = 128
    repeats: int = 5
    """Undisturbed repeats for each candidate."""
    max_disturbed_retries: int = 2
    """How many times a disturbed repeat is measured again."""
    chat_prompts: int = 4
    """Real chat prompts for time to first token and inter-token latency, one per round."""
    chat_tokens: int = 32
    """Tokens generated after each chat prompt."""


class RacePlan(PlanPart, frozen=True, kw_only=True):
    """Stopping early: candidates that can no longer be the best, and the run once nothing is left to decide."""

    enabled: bool = True
    alpha: float = 0.05
    """Upper bound on the probability of stopping the candidate that is the most accurate on these items."""


class ConsistencyPlan(PlanPart, frozen=True, kw_only=True):
    """How answers are tested for consistency: sampled, with reordered options, reworded, or simply repeated."""

    items: int = 50
    """Maximum number of items per suite, from the start of its order. 0 turns all consistency questions off."""
    samples: int = 5
    """Answers sampled at ``temperature`` for each of these items in generate suites."""
    share: float = 1.0
    """Upper bound on the tokens of a generate suite's sampled and reworded answers, as a multiple of the tokens of its
    ordinary answers. Where answers are long, fewer items are asked again. 0 means no bound."""
    temperature: float = 0.7
    order_items: int = 20
    """About how many items of the whole run are asked with their options in every cyclic order. Suites that show the
    options share them evenly."""
    template_items: int = 20
    """About how many items of the whole run are asked under each of a few neutral prompt templates. Suites where that
    is possible share them evenly."""
    repeat_blocks: int = 1
    """Number of suites whose first block is repeated unchanged, choice suites first."""


class Limits(PlanPart, frozen=True, kw_only=True):
    """Limits a candidate must meet to be recommended. 0 means no limit."""

    max_memory_bytes: int = 0
    min_generation_tokens_per_second: float = 0.0
    max_ttft_s: float = 0.0
    equivalence_margin: float = 0.03
    """Differences in accuracy up to this share do not matter to the user."""


class PlanParts(PlanPart, frozen=True, kw_only=True):
    """Everything in a plan but its suites, which have another form in files."""

    candidates: tuple[Candidate, ...] = ()
    settings: Settings = Settings()
    speed: SpeedPlan = SpeedPlan()
    limits: Limits = Limits()
    race: RacePlan = RacePlan()
    consistency: ConsistencyPlan = ConsistencyPlan()
    item_limit: int = 0
    """Maximum number of items per suite; 0 means all."""
    time_budget_s: float = 0.0
    """Wall time for the whole run; 0 means no budget."""


class Plan(PlanParts, frozen=True, kw_only=True):
    """One run's question. ``files`` encodes it; msgspec alone cannot tell the two kinds of suites apart."""

    suites: tuple[PlannedSuite, ...] = ()


def label(candidate: Candidate) -> str:
    """Name and quant, such as ``Qwen3 1.7B Q4_K_M``."""
    return f"{candidate.name} {candidate.quant}".strip()


def labels(plan: Plan) -> dict[str, str]:
    """The label of every candidate of a plan, by id."""
    return {candidate.id: label(candidate) for candidate in plan.candidates}
