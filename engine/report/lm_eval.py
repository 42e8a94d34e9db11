"""A run in the files that lm-evaluation-harness writes, so that tools for them can read it.

The shape is that of lm-evaluation-harness at commit 4e7e0d4 (result_schema.py, evaluator.py,
loggers/evaluation_tracker.py): for each candidate a folder with ``results_<date>.json`` and, for each task,
``samples_<task>_<date>.jsonl``. Names, versions and groups are the harness' if it has the suite (``lm_eval_names``).
Standard errors follow the harness and assume independent items, even if items share a passage. What the harness knows
and a stored run does not (its git hash, library versions, the original document, which of IFEval's instructions were
followed) is left out or replaced by what weighin knows; documents hold what was asked. Only first answers are
included, not repeats for consistency.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from typing import Any

from ..errors import DatasetError
from ..events.run import AnswerScored, Event, ModelLoaded, RunFinished, RunStarted
from ..plan.model import Candidate, Plan
from ..stats.clustered import MeanError, micro_average, standard_error
from ..tasks.extractors import after_hashes, last_number
from ..tasks.spec import SuiteSpec, find_spec
from .lm_eval_names import BY_PART, NO_FILTER, TaskGroup, by_filter, groups_of, metric_names, task_name, task_version

_FILTERS: dict[str, Callable[[str], str | None]] = {
    "strict-match": after_hashes,
    "flexible-extract": last_number,
    "remove_whitespace": str.strip,
}
_INVALID = "[invalid]"
"""What the harness' filters return if they find nothing."""


def lm_eval_files(plan: Plan, events: Iterable[Event]) -> dict[str, str]:
    """The text of every file by its path, with ``/`` between folder and file. Empty if nothing was answered."""
    run = _Run(plan, list(events))
    files = {}
    for candidate in plan.candidates:
        answers = run.answers_of(candidate.id)
        if not answers:
            continue
        folder = _safe(candidate.id)
        samples = {task: run.samples(mine) for task, mine in answers.items()}
        files[f"{folder}/results_{run.date_id}.json"] = _dump(run.results(candidate, answers, samples), indent=2)
        for task, rows in samples.items():
            files[f"{folder}/samples_{_safe(task)}_{run.date_id}.jsonl"] = "".join(_dump(row) + "\n" for row in rows)
    return files


class _Run:
    def __init__(self, plan: Plan, events: Sequence[Event]) -> None:
        self._plan = plan
        self._events = events
        self._started = next((e for e in events if isinstance(e, RunStarted)), None)
        self._cards = {card.name: card for e in events if isinstance(e, RunStarted) for card in e.suites}
        self._subjects = {name for name, card in self._cards.items() if card.group_kind == "subject"}
        self._specs = {name: spec for name in self._cards if (spec := _spec(name)) is not None}
        self._doc_ids = _doc_ids(events)
        self._queries = _queries(events)
        began = datetime.datetime.fromtimestamp(self._started.at if self._started else 0.0, tz=datetime.timezone.utc)
        self.date_id = f"{began:%Y-%m-%dT%H-%M-%S.%f}"

    def answers_of(self, candidate: str) -> dict[str, list[AnswerScored]]:
        """First answers by task, sorted by document number."""
        by_task: dict[str, list[AnswerScored]] = {}
        for event in self._events:
            if isinstance(event, AnswerScored) and event.candidate == candidate and event.repeat == 0:
                has_subjects = event.suite in self._subjects
                task = task_name(event, self._specs.get(event.suite), has_subjects=has_subjects)
                by_task.setdefault(task, []).append(event)
        return {
            task: sorted(by_task[task], key=lambda answer: self._doc_ids[answer.suite, answer.item])
            for task in sorted(by_task)
        }

    def samples(self, answers: Iterable[AnswerScored]) -> list[dict[str, Any]]:
        """One row per document and filter, as in the samples file."""
        rows = []
        for answer in answers:
            spec, key = self._specs.get(answer.suite), (answer.suite, answer.item)
            for filter_name, metrics in by_filter(answer.scores, spec).items():
                doc = _doc(answer, self._queries.get(key))
                rows.append(_sample(answer, doc, self._doc_ids[key], spec, filter_name, metrics))
        return sorted(rows, key=lambda row: (str(row["filter"]), int(row["doc_id"])))

    def results(
        self, candidate: Candidate, answers: dict[str, list[AnswerScored]], samples: dict[str, list[dict[str, Any]]]
    ) -> dict[str, Any]:
        loaded = next((e for e in self._events if isinstance(e, ModelLoaded) and e.candidate == candidate.id), None)
        ended = max((e.at for e in self._events if isinstance(e, (AnswerScored, RunFinished))), default=0.0)
        began = self._started.at if self._started else ended
        version = metadata.version("weighin")
        specs = {task: self._specs.get(mine[0].suite) for task, mine in answers.items()}
        groups = self._groups(answers, version)
        grouped = {task for group in groups for task in group.tasks}
        tasks = {
            task: _task_results(task, mine[0].group if task in grouped else task, mine, specs[task])
            for task, mine in answers.items()
        }
        n_shot = {task: self._n_shot(mine[0].suite) for task, mine in answers.items()}
        higher = {task: dict.fromkeys(metric_names(mine, specs[task]), True) for task, mine in answers.items()}
        group_rows = {g.name: _group_results(g.name, g.alias, [tasks[task] for task in g.tasks]) for g in groups}
        return {
            "results": {**tasks, **group_rows},
            **({"groups": group_rows} if groups else {}),
            "group_subtasks": {group.name: list(group.children) for group in groups},
            "configs": {task: self._config(task, mine, version) for task, mine in answers.items()},
            "versions": {
                **{task: task_version(spec, version) for task, spec in specs.items()},
                **{group.name: group.version for group in groups},
            },
            "n-shot": {**n_shot, **{group.name: n_shot[group.tasks[0]] for group in groups}},
            "higher_is_better": {**higher, **{group.name: higher[group.tasks[0]] for group in groups}},
            "n-samples": {
                task: {"original": self._pool(mine), "effective": len(mine)} for task, mine in answers.items()
            },
            "config": self._model_config(candidate, loaded),
            "git_hash": None,
            "date": began,
            "pretty_env_info": self._started.machine if self._started else "",
            "weighin_version": version,
            "llama_build": loaded.llama_build if loaded else "",
            "max_length": self._plan.settings.n_ctx,
            "task_hashes": {
                task: _sha("".join(row["doc_hash"] + row["prompt_hash"] + row["target_hash"] for row in rows))
                for task, rows in samples.items()
            },
            "model_source": "gguf",
            "model_name": candidate.id,
            "model_name_sanitized": _safe(candidate.id),
            "system_instruction": None,
            "system_instruction_sha": None,
            "fewshot_as_multiturn": True,
            "chat_template": None,
            "chat_template_sha": loaded.chat_template_sha256 or None if loaded else None,
            "start_time": began,
            "end_time": ended,
            "total_evaluation_time_seconds": str(max(0.0, ended - began)),
        }

    def _groups(self, answers: dict[str, list[AnswerScored]], version: str) -> list[TaskGroup]:
        by_suite: dict[str, dict[str, str]] = {}
        for task, mine in answers.items():
            if mine[0].suite in self._subjects and mine[0].group:
                by_suite.setdefault(mine[0].suite, {})[mine[0].group] = task
        return [
            group
            for suite, tasks in by_suite.items()
            for group in groups_of(suite, self._specs.get(suite), tasks, version)
        ]

    def _pool(self, answers: Sequence[AnswerScored]) -> int:
        card, group = self._cards.get(answers[0].suite), answers[0].group
        if card is None:
            return len(answers)
        return card.groups.get(group, len(answers)) if card.group_kind == "subject" and group else card.items

    def _n_shot(self, suite: str) -> int:
        card, spec = self._cards.get(suite), self._specs.get(suite)
        if card is not None and card.n_shot is not None:
            return card.n_shot
        # Older runs do not store it.
        return spec.n_shot or len(spec.shots) if spec else 0

    def _config(self, task: str, answers: Sequence[AnswerScored], version: str) -> dict[str, Any]:
        """The task as the harness would describe it, for the documents of ``_doc``."""
        suite = answers[0].suite
        spec = self._specs.get(suite)
        is_choice = any(answer.options for answer in answers)
        config: dict[str, Any] = {
            "task": task,
            "output_type": "multiple_choice" if is_choice else "generate_until",
            "doc_to_text": "{{query}}" if all((suite, a.item) in self._queries for a in answers) else "",
            "doc_to_target": "gold" if is_choice else "answer",
            "description": "",
            "target_delimiter": _delimiter(spec),
            "fewshot_delimiter": "\n\n",
            "num_fewshot": self._n_shot(suite),
            "metric_list": [
                {"metric": name, "aggregation": "mean", "higher_is_better": True}
                for name in metric_names(answers, spec)
            ],
            "repeats": 1,
            "should_decontaminate": False,
            "metadata": {"version": task_version(spec, version), "title": spec.title if spec else task},
        }
        if is_choice:
            config["doc_to_choice"] = "choices"
        else:
            config["generation_kwargs"] = _generation_arguments(spec)
        filters = {name for answer in answers for name in by_filter(answer.scores, spec)} - {NO_FILTER}
        if filters:
            config["filter_list"] = [{"name": name, "filter": []} for name in sorted(filters)]
        return config

    def _model_config(self, candidate: Candidate, loaded: ModelLoaded | None) -> dict[str, Any]:
        settings = self._plan.settings
        # Only the file's name: exports are passed on, and folder names are private.
        arguments = {
            "path": re.split(r"[/\\]", candidate.path)[-1],
            "n_ctx": settings.n_ctx,
            "n_batch": settings.n_batch,
            "n_ubatch": settings.n_ubatch,
            "n_threads": loaded.n_threads if loaded else settings.n_threads,
            "flash_attention": settings.flash_attention,
            "kv_type": settings.kv_type,
        }
        return {
            "model": "weighin",
            "model_args": ",".join(f"{key}={value}" for key, value in arguments.items()),
            "model_num_parameters": loaded.parameters if loaded else None,
            "model_dtype": candidate.quant,
            "model_sha": candidate.sha256,
            "batch_size": settings.n_batch,
            "batch_sizes": [],
            "device": ",".join(loaded.devices) if loaded else None,
            "use_cache": None,
            "limit": self._plan.item_limit or None,
            "bootstrap_iters": 0,
            "gen_kwargs": None,
            "random_seed": settings.seed,
            "numpy_seed": settings.seed,
            "torch_seed": settings.seed,
            "fewshot_seed": settings.seed,
        }


def _task_results(task: str, alias: str, answers: Sequence[AnswerScored], spec: SuiteSpec | None) -> dict[str, Any]:
    """Means and standard errors by ``metric,filter``."""
    values: dict[tuple[str, str], list[float]] = {}
    parts: dict[tuple[str, str], int] = {}
    for answer in answers:
        for filter_name, metrics in by_filter(answer.scores, spec).items():
            for metric, value in metrics.items():
                weight = answer.n_parts if metric in BY_PART else 1
                values.setdefault((metric, filter_name), []).append(value * weight)
                parts[metric, filter_name] = parts.get((metric, filter_name), 0) + weight
    results: dict[str, Any] = {"name": task, "alias": alias, "sample_len": len(answers)}
    for (metric, filter_name), numbers in values.items():
        known = len(numbers) > 1 and metric not in BY_PART
        results[f"{metric},{filter_name}"] = sum(numbers) / parts[metric, filter_name]
        results[f"{metric}_stderr,{filter_name}"] = standard_error(numbers) if known else "N/A"
    return results


def _group_results(name: str, alias: str, tasks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A group's means, weighted by items, with pooled errors; unknown if the error of any of its tasks is."""
    results: dict[str, Any] = {"alias": alias, "name": name, "sample_len": sum(task["sample_len"] for task in tasks)}
    counts = {}
    for key in [key for key in tasks[0] if "," in key and "_stderr," not in key]:
        metric, filter_name = key.split(",")
        error = f"{metric}_stderr,{filter_name}"
        having = [task for task in tasks if key in task]
        known = all(task[error] != "N/A" for task in having)
        whole = micro_average(
            [
                MeanError(mean=task[key], standard_error=task[error] if known else math.nan, n=task["sample_len"])
                for task in having
            ]
        )
        results[key], results[error] = whole.mean, whole.standard_error if known else "N/A"
        counts[key] = whole.n
    return {**results, "sample_count": counts}


def _sample(
    answer: AnswerScored,
    doc: dict[str, Any],
    doc_id: int,
    spec: SuiteSpec | None,
    filter_name: str,
    metrics: dict[str, float],
) -> dict[str, Any]:
    arguments: list[tuple[str, Any]]
    # The harness' logger turns numbers and booleans in responses into strings.
    responses: list[list[Any]]
    if answer.options:
        target = str(doc["gold"])
        arguments = [
            (option.context or answer.prompt, option.continuation or _delimiter(spec) + option.text)
            for option in answer.options
        ]
        responses = [[[str(option.log_likelihood), str(option.is_greedy)]] for option in answer.options]
        filtered: list[Any] = [repeats[0] for repeats in responses]
    else:
        target = answer.expected
        arguments = [(answer.prompt, _generation_arguments(spec))]
        responses = [[answer.output]]
        extracted = answer.extracted
        if filter_name in _FILTERS and not any("," in name for name in answer.scores):
            extracted = _FILTERS[filter_name](answer.output)
        elif filter_name not in (NO_FILTER, next(iter(answer.scores), "").partition(",")[2]):
            # What a task file's other filters found is not stored, so this is their input.
            extracted = answer.output
        filtered = [_INVALID if extracted is None else extracted]
    return {
        "doc_id": doc_id,
        "doc": doc,
        "target": target,
        "arguments": {
            f"gen_args_{n}": {f"arg_{place}": value for place, value in enumerate(pair)}
            for n, pair in enumerate(arguments)
        },
        "resps": responses,
        "filtered_resps": filtered,
        "filter": filter_name,
        "metrics": list(metrics),
        "doc_hash": _sha(_dump(doc, indent=2)),
        "prompt_hash": _sha(answer.prompt),
        "target_hash": _sha(target),
        **metrics,
    }


def _doc(answer: AnswerScored, query: str | None) -> dict[str, Any]:
    """The document, as far as answers show it. It is the same for every candidate, so its hash is too."""
    doc: dict[str, Any] = {"id": answer.item}
    if query is not None:
        doc["query"] = query
    if not answer.options:
        return {**doc, "answer": answer.expected}
    choices = [option.text for option in answer.options]
    gold = choices.index(answer.expected) if answer.expected in choices else -1
    return {**doc, "choices": choices, "gold": gold}


def _queries(events: Iterable[Event]) -> dict[tuple[str, str], str]:
    """The prompt by suite and item, if all candidates got the same one: chat templates differ."""
    asked: dict[tuple[str, str], set[str]] = {}
    for event in events:
        if isinstance(event, AnswerScored) and event.repeat == 0:
            asked.setdefault((event.suite, event.item), set()).add(event.prompt)
    return {key: prompts.pop() for key, prompts in asked.items() if len(prompts) == 1}


def _doc_ids(events: Iterable[Event]) -> dict[tuple[str, str], int]:
    """Every item's number: its place in its data. For older runs, the digits its id ends with, or its place by name."""
    rows: dict[str, dict[str, int]] = {}
    for event in events:
        if isinstance(event, AnswerScored):
            rows.setdefault(event.suite, {})[event.item] = event.row
    numbers = {}
    for suite, items in rows.items():
        endings = [match[0] for name in items if (match := re.search(r"[0-9]+$", name))]
        unique = len(endings) == len(items) == len({int(ending) for ending in endings})
        for place, name in enumerate(sorted(items)):
            match = re.search(r"[0-9]+$", name)
            old = int(match[0]) if match and unique else place
            numbers[suite, name] = items[name] if items[name] >= 0 else old
    return numbers


def _generation_arguments(spec: SuiteSpec | None) -> dict[str, Any]:
    if spec is None:
        return {"do_sample": False, "temperature": 0.0}
    return {"until": list(spec.stop), "max_gen_toks": spec.max_tokens, "do_sample": False, "temperature": 0.0}


def _delimiter(spec: SuiteSpec | None) -> str:
    return spec.delimiter if spec else " "


def _spec(name: str) -> SuiteSpec | None:
    try:
        return find_spec(name)
    except DatasetError:
        return None


def _safe(name: str) -> str:
    """``name`` made safe for a file name, by the harness' rule."""
    return re.sub(r"[\"<>:/|\\?*\[\]]+", "__", name)


def _dump(value: Any, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _sha(text: str) -> str:
    # Lone surrogates are replaced as in the file, so that readers get the same hash.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
