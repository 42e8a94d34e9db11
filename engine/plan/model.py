"""What the user asked for, frozen: candidates, suites, settings that hold for all, limits.

A ``Plan`` is everything a run depends on. It is stored with the run, so that resuming needs nothing else, and it
reads and writes TOML, so that it can be kept beside a project and run again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from ..errors import PlanError
from ..files import write_atomically
from ..safe_names import is_repo_id, is_safe_path
from ..toml import TOMLDecodeError, loads

PromptStyle = Literal["auto", "chat", "plain"]
KvType = Literal["f16", "q8_0", "q4_0"]
FlashAttention = Literal["auto", "on", "off"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A piece of a plan: unknown keys in a TOML file are an error that names them."""


class Candidate(_Part, frozen=True, kw_only=True):
    """A model file with its settings, competing."""

    id: str
    """Unique in the plan, short, made of letters, digits, ``-``, ``_`` and ``.``."""
    path: str
    """The GGUF file; for a split model its first part."""
    name: str
    """What people call it, such as ``SmolLM2 135M Instruct``."""
    quant: str = ""
    """File type in llama.cpp's words, such as ``Q4_K_M``; empty when the header does not say."""
    size_bytes: int = 0
    """Size on disk, all parts together."""
    sha256: str = ""
    """Of the file (of the parts' hashes, for a split model); empty until it was computed."""
    prompt_style: PromptStyle = "auto"
    """``chat`` uses the model's own template, ``plain`` none; ``auto`` means chat when the file has a template."""
    note: str = ""
    """Said beside the name, such as ``requantised from Q4_1``."""


class SuiteChoice(_Part, frozen=True, kw_only=True):
    """A suite taken into the run: a built-in one by name, or the user's own data with how it is asked and scored."""

    name: str
    """Name of a built-in suite, or what to call the user's data."""
    data: str = ""
    """The user's JSONL, CSV or Parquet file or a folder of them; of a reference suite its data; else empty."""
    data_sha256: str = ""
    """Of the data when the run started: data that changed since is refused on resume."""
    limit: int = 0
    """At most so many items, the first of the committed shuffle; 0 means the plan's limit."""
    hub_repo: str = ""
    """A data set of the hub as ``owner/name``, instead of a file."""
    hub_file: str = ""
    """Which of its files, such as ``data/test-*.parquet``."""
    hub_revision: str = ""
    """Branch, tag or commit; empty means ``main``. A run that started has the commit here."""
    columns: dict[str, str] = {}
    """Of the user's own data, as everything below: their column names to ours."""
    shots: int = 0
    """So many first rows stand solved before every item."""
    scorer: str = ""
    """Of generate items; empty means ``exact``."""
    extractor: str = ""
    """Empty, as the four below when they are empty or 0: as goes with the scorer."""
    metric: str = ""
    right_at: float = 0.0
    max_tokens: int = 0
    stop: tuple[str, ...] | None = None
    """None: as goes with the scorer; empty: none."""
    system: str = ""
    """System message of every item that has none of its own."""


class Settings(_Part, frozen=True, kw_only=True):
    """What holds for every candidate alike, passed to llama.cpp as it is."""

    n_ctx: int = 4096
    n_batch: int = 2048
    n_ubatch: int = 512
    n_threads: int = 0
    """0 means one a physical core that this process may use; the number found is stored with the run."""
    n_gpu_layers: int = -1
    """-1 means all that the build can offload."""
    flash_attention: FlashAttention = "auto"
    kv_type: KvType = "f16"
    use_mmap: bool = True
    seed: int = 1234


class SpeedPlan(_Part, frozen=True, kw_only=True):
    """How speed is measured; the defaults are llama-bench's pp512 and tg128."""

    n_prompt: int = 512
    n_generate: int = 128
    repeats: int = 5
    """Clean repeats wanted for each candidate."""
    max_disturbed_retries: int = 2
    """How often one repeat is measured again when something else disturbed it."""
    chat_prompts: int = 4
    """Real chat prompts for TTFT and inter-token latency; one each round."""
    chat_tokens: int = 32
    """Tokens generated after each of them."""


class RacePlan(_Part, frozen=True, kw_only=True):
    """Stopping early: candidates that cannot be the best any more, and the whole run when nothing is left to decide."""

    enabled: bool = True
    alpha: float = 0.05
    """Probability at most that the most accurate of all on these items is stopped."""


class ConsistencyPlan(_Part, frozen=True, kw_only=True):
    """How much answers vary when the same items are asked again: sampled, in another way, or just so."""

    items: int = 50
    """At most so many of each suite, the first of its order; 0 leaves consistency out, what follows with it."""
    samples: int = 5
    """Answers to each of them in generate suites, drawn at ``temperature``."""
    share: float = 1.0
    """Sampled answers of a generate suite, and those in other wordings, take at most so many times the tokens of its
    own answers, where these are long: it is then asked of fewer items. 0 means no bound."""
    temperature: float = 0.7
    order_items: int = 20
    """Of them in the whole run, about so many under all cyclic orders of their options; suites that show the options
    share them evenly."""
    template_items: int = 20
    """In the whole run, about so many under each of a few neutral prompt templates; suites where that can be done
    share them evenly."""
    repeat_blocks: int = 1
    """Suites whose first block is answered again as it was, choice suites first."""


class Limits(_Part, frozen=True, kw_only=True):
    """What a candidate must meet to be recommended. Zero means no limit."""

    max_memory_bytes: int = 0
    min_generation_tokens_per_second: float = 0.0
    max_ttft_s: float = 0.0
    equivalence_margin: float = 0.03
    """Differences in accuracy below this share mean nothing to the user."""


class Plan(_Part, frozen=True, kw_only=True):
    """One run's question, whole."""

    candidates: tuple[Candidate, ...] = ()
    suites: tuple[SuiteChoice, ...] = ()
    settings: Settings = Settings()
    speed: SpeedPlan = SpeedPlan()
    limits: Limits = Limits()
    race: RacePlan = RacePlan()
    consistency: ConsistencyPlan = ConsistencyPlan()
    item_limit: int = 0
    """Items a suite at the most; 0 means all."""
    time_budget_s: float = 0.0
    """Wall time for the whole run; 0 means no budget."""


def plan_to_toml(plan: Plan) -> str:
    """The plan as TOML; defaults are left out."""
    import tomli_w

    return tomli_w.dumps(msgspec.to_builtins(plan))


def plan_from_toml(text: str, *, where: str) -> Plan:
    """Parse a plan.

    Raises:
        PlanError: it is not TOML, or a field is unknown or of the wrong type; names ``where`` and the field.
    """
    try:
        plan = msgspec.convert(loads(text), Plan)
    except TOMLDecodeError as error:
        raise PlanError(f"{where} is not valid TOML: {error}.") from None
    except msgspec.ValidationError as error:
        raise PlanError(
            f"{where}: {str(error).replace('$.', '')}.", hint="See the plan format in the README."
        ) from None
    check_plan(plan, where=where)
    return plan


def read_plan(path: Path) -> Plan:
    """Read a plan file; relative paths in it are taken from the folder it is in.

    Raises:
        PlanError: the file is missing, unreadable or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PlanError(f"There is no plan file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"The plan {path} cannot be read: {error}.") from None
    plan = plan_from_toml(text, where=str(path))
    base = path.resolve().parent

    def absolute(value: str) -> str:
        return str(base / Path(value).expanduser()) if value else value

    return msgspec.structs.replace(
        plan,
        candidates=tuple(msgspec.structs.replace(c, path=absolute(c.path)) for c in plan.candidates),
        suites=tuple(msgspec.structs.replace(s, data=absolute(s.data)) for s in plan.suites),
    )


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan file in one step, so that a crash leaves the old one or the new one."""
    write_atomically(path, plan_to_toml(plan))


def check_plan(plan: Plan, *, where: str) -> None:
    """Raise PlanError for numbers and names that cannot be meant."""
    positive = {
        "settings.n_ctx": plan.settings.n_ctx,
        "settings.n_batch": plan.settings.n_batch,
        "settings.n_ubatch": plan.settings.n_ubatch,
        "speed.n_prompt": plan.speed.n_prompt,
        "speed.n_generate": plan.speed.n_generate,
        "speed.repeats": plan.speed.repeats,
    }
    for field, value in positive.items():
        if value < 1:
            raise PlanError(f"{where}: {field} is {value}; it must be at least 1.")
    not_negative = {
        "item_limit": plan.item_limit,
        "time_budget_s": plan.time_budget_s,
        "settings.n_threads": plan.settings.n_threads,
        "limits.max_memory_bytes": plan.limits.max_memory_bytes,
        "limits.min_generation_tokens_per_second": plan.limits.min_generation_tokens_per_second,
        "limits.max_ttft_s": plan.limits.max_ttft_s,
        "consistency.order_items": plan.consistency.order_items,
        "consistency.template_items": plan.consistency.template_items,
        "consistency.repeat_blocks": plan.consistency.repeat_blocks,
        "consistency.share": plan.consistency.share,
    }
    for name, number in not_negative.items():
        if number < 0:
            raise PlanError(f"{where}: {name} is {number}; it must not be negative.")
    if plan.consistency.items and not 2 <= plan.consistency.samples <= 16:
        raise PlanError(f"{where}: consistency.samples is {plan.consistency.samples}; it must be from 2 to 16.")
    if plan.consistency.items < 0 or plan.consistency.temperature <= 0:
        raise PlanError(f"{where}: consistency needs items of at least 0 and a temperature above 0.")
    if not 0 < plan.race.alpha < 1:
        raise PlanError(f"{where}: race.alpha is {plan.race.alpha}; it must be between 0 and 1.")
    if plan.settings.n_ubatch > plan.settings.n_batch:
        raise PlanError(f"{where}: settings.n_ubatch is larger than settings.n_batch.", hint="Make it at most n_batch.")
    for what, names in (
        ("candidate id", [c.id for c in plan.candidates]),
        ("suite name", [s.name for s in plan.suites]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PlanError(f"{where}: the {what} {twice[0]!r} appears twice.", hint="Give each its own.")
    for suite in plan.suites:
        check_suite(suite, where=where)


OWN_OPTIONS = ("columns", "shots", "scorer", "extractor", "metric", "right_at", "max_tokens", "stop", "system")
"""Fields of a suite that only the user's own data may have."""
DATA_SUFFIXES = (".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".csv")
"""Of the files that own data is read from; ``.json`` holds one object a line, as ``.jsonl``."""


def own_options(suite: SuiteChoice) -> list[str]:
    """The fields of ``OWN_OPTIONS`` that say something."""
    return [field for field in OWN_OPTIONS if getattr(suite, field) not in ({}, 0, "", None)]


def check_suite(suite: SuiteChoice, *, where: str) -> None:
    """Raise PlanError for options of a suite that contradict each other or cannot be meant."""
    this = f"{where}: the suite {suite.name!r}"
    if suite.data and suite.hub_repo:
        raise PlanError(f"{this} has both data and hub_repo.", hint="Give one of them.")
    if not suite.hub_repo and (suite.hub_file or suite.hub_revision):
        raise PlanError(f"{this} has hub_file or hub_revision without hub_repo.", hint="Say of which data set.")
    if suite.hub_repo:
        _check_hub_fields(suite, this)
    given = own_options(suite)
    if given and not suite.data and not suite.hub_repo:
        raise PlanError(
            f"{this} is a built-in one, which takes no {given[0]}.", hint="That goes with data of your own."
        )
    if suite.shots < 0 or suite.max_tokens < 0 or suite.limit < 0:
        raise PlanError(f"{this} has a negative limit, shots or max_tokens.", hint="Give 0 or more.")
    if not 0 <= suite.right_at <= 1:
        raise PlanError(f"{this} has right_at {suite.right_at}; it must be between 0 and 1.")
    if suite.stop and "" in suite.stop:
        raise PlanError(f"{this} has an empty stop text, which would stop every answer at once.", hint="Leave it out.")


def _check_hub_fields(suite: SuiteChoice, this: str) -> None:
    if not is_repo_id(suite.hub_repo):
        raise PlanError(f"{this} has hub_repo {suite.hub_repo[:120]!r}.", hint="Write it as owner/name.")
    if not suite.hub_file.lower().endswith(DATA_SUFFIXES):
        raise PlanError(
            f"{this} needs hub_file, the Parquet, JSONL or CSV files of {suite.hub_repo} to read.",
            hint="A name or a pattern such as data/test-*.parquet.",
        )
    if suite.hub_revision and not is_safe_path(suite.hub_revision):
        raise PlanError(f"{this} has hub_revision {suite.hub_revision[:120]!r}.", hint="Give a branch, tag or commit.")
