"""Commands that only read: hardware, runs, show, suites, preview, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from weighin.engine import paths
from weighin.engine.events.run import AnswerScored
from weighin.engine.plan.checks import check_plan
from weighin.engine.plan.files import plan_table
from weighin.engine.plan.model import BuiltInSuite, Plan
from weighin.engine.store.store import Store
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.reference.datasets import data_presence
from weighin.engine.tasks.spec import suite_specs
from weighin.engine.visible import visible, visible_lines

from ...exit_codes import EXIT_BAD_INPUT, EXIT_OK
from ...own_data_text import asked_lines, problem_lines, reading_lines, row_lines, summary_line
from ..options import ExportOptions, HardwareOptions, JsonOptions, PreviewOptions, ShowOptions
from ..terminal import out, say, table_width

_SHOWN_PROBLEMS = 20


def print_json(document: Any) -> None:
    """Print one JSON document to stdout. Text that no encoding can write, such as a file name's, is made visible."""
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_encodable(msgspec.to_builtins(document)))
    sys.stdout.buffer.write(msgspec.json.format(encoded, indent=2) + b"\n")


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else visible_lines(value)
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list | tuple) else value


def show_hardware(options: HardwareOptions) -> None:
    """Print what this machine has for running models."""
    from weighin.engine.prepare.machine import detect_hardware
    from weighin.engine.prepare.machine_text import hardware_lines

    folder = Path(options.folder).expanduser().resolve()
    report = detect_hardware(model_folder=folder, with_bandwidth=not options.no_bandwidth)
    if options.as_json:
        print_json(report)
    else:
        out("\n".join(hardware_lines(report)))


def list_runs(options: JsonOptions) -> None:
    """List all runs, the newest first."""
    with Store.open(paths.store_path()) as store:
        rows = store.runs()
    if options.as_json:
        print_json(rows)
        return
    if not rows:
        out("No runs yet. Start one with: weighin run --model FILE.gguf")
        return
    out(f"{'run':<21} {'started':<17} {'status':<12} {'answers':>7} name")
    for row in rows:
        started = "unknown time" if row.started is None else f"{row.started:%Y-%m-%d %H:%M}"
        status = "working" if row.locked else "interrupted" if row.status == "running" else row.status
        status = "damaged" if row.damage else status
        models = visible(row.damage.rstrip(".")) or f"{len(row.candidates)} models"
        out(f"{row.id:<21} {started:<16}  {status:<12} {row.answers:>7} {visible(row.name)} ({models})")


def show_run(options: ShowOptions) -> None:
    """Print the verdict on the answers that a run has so far."""
    from weighin.engine.judging.failure_text import failure_words
    from weighin.engine.judging.verdict import reach_verdict
    from weighin.engine.judging.wording import with_words
    from weighin.engine.report.table import verdict_lines

    with Store.open(paths.store_path()) as store:
        row = store.find(options.run_id)
        plan, events = store.plan(row.id), store.events(row.id)
    verdict = reach_verdict(plan, events)
    answers = [event for event in events if isinstance(event, AnswerScored)]
    if options.as_json:
        document = {"run": row, "plan": plan_table(plan), "verdict": with_words(verdict)}
        print_json({**document, "answers": answers} if options.answers else document)
        return
    out(f"Run {row.id} ({visible(row.name)}), {row.status}, {row.answers} answers\n")
    out("\n".join(verdict_lines(verdict, plan, width=table_width())))
    if options.answers:
        out()
        for answer in answers:
            mark = "✓" if answer.correct else "✗"
            extracted = answer.extracted if answer.extracted is not None else "(no answer)"
            item = visible(f"{answer.suite}/{answer.item}")
            out(
                f"{mark} {item} {answer.candidate}: {extracted!r}, expected {answer.expected!r}"
                + (f" (not scored: {failure_words(answer.failure)})" if answer.failure else "")
            )


def list_suites(options: JsonOptions) -> None:
    """List the built-in suites, and whether their data is on this machine."""
    specs = sorted(suite_specs(), key=lambda spec: (bool(spec.format), spec.name))
    present = {spec.name: data_presence(spec) for spec in specs}
    rows = [
        {
            "name": spec.name,
            "title": spec.title,
            "kind": spec.kind,
            # The data of a reference suite may need a download, which a list must not start.
            "items": None if spec.format else len(open_suite(BuiltInSuite(name=spec.name), seed=0, limit=0).items),
            "dataset": spec.dataset.repo if spec.dataset else None,
            "download": spec.dataset.size_hint if spec.dataset else None,
            "data": present[spec.name].where,
            "data_here": present[spec.name].here,
            "data_bytes": present[spec.name].size_bytes or None,
            "metric": spec.metric,
            "chance": spec.chance,
            "description": spec.description,
        }
        for spec in specs
    ]
    if options.as_json:
        print_json(rows)
        return
    header = f"{'suite':<20} {'kind':<9} {'items':>5} {'metric':<24} {'chance':>6}  {'data':<12} what it asks"
    bundled = [row for row in rows if not row["dataset"]]
    reference = [row for row in rows if row["dataset"]]
    for heading, group in (
        ("Generated, or shipped with weighin", bundled),
        ("Reference suites, asked as in lm-evaluation-harness; missing data is downloaded once", reference),
    ):
        if group is reference and group:
            out()
        out(f"{heading}:\n{header}")
        for row in group:
            chance = "–" if row["chance"] is None else f"{row['chance']:.0%}"
            items = "" if row["items"] is None else str(row["items"])
            line = f"{row['name']:<20} {row['kind']:<9} {items:>5} {row['metric']:<24} {chance:>6}  "
            out(line + f"{present[str(row['name'])].words:<12} {row['title']}")


def show_preview(options: PreviewOptions) -> int:
    """Print rows, problems and the first items as they will be asked; 2 when a row is bad.

    Raises:
        WeighinError: the data as a whole cannot be used.
    """
    from weighin.engine.prepare.freeze import own_suite
    from weighin.engine.tasks.own.preview import preview_suite

    from .plan_options import changed_asking

    suite = own_suite(options.data)
    suite = msgspec.structs.replace(suite, asking=changed_asking(suite.asking, options.own))
    check_plan(Plan(suites=(suite,)), where="The command line")
    preview = preview_suite(suite, count=options.count)
    if options.as_json:
        print_json(preview)
    else:
        lines = [f"{preview.source}: {summary_line(preview)}", *reading_lines(preview, limit=_SHOWN_PROBLEMS)]
        lines += problem_lines(preview, limit=_SHOWN_PROBLEMS)
        lines += ["", "Rows", *row_lines(preview, width=table_width())] if preview.rows else []
        if preview.asked:
            lines += ["", "As they will be asked" + (" (of models with a chat template)" * bool(preview.scorer))]
            lines += asked_lines(preview)
        out("\n".join(lines))
    if preview.problems:
        rows = "1 bad row" if len(preview.problems) == 1 else f"{len(preview.problems)} bad rows"
        say(f"weighin: {preview.source} has {rows}.")
        return EXIT_BAD_INPUT
    return EXIT_OK


def export_run(options: ExportOptions) -> None:
    """Write a stored run in one of the export formats."""
    from weighin.engine.report.export import export

    with Store.open(paths.store_path()) as store:
        row = store.find(options.run_id)
        export(row.id, store.plan(row.id), store.events(row.id), options.format, Path(options.output))
    say(f"Run {row.id} written to {options.output}.")
