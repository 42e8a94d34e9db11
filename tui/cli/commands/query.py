"""Commands that only look: hardware, runs, show, suites."""

from __future__ import annotations

import datetime
import shutil
import sys
from pathlib import Path
from typing import Any

import click
import msgspec


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 120)


def show_hardware(*, as_json: bool, folder: str, with_bandwidth: bool) -> None:
    """What this machine has."""
    from weighin.engine.prepare.machine import detect_hardware
    from weighin.engine.prepare.machine_text import hardware_lines

    report = detect_hardware(model_folder=Path(folder).expanduser().resolve(), with_bandwidth=with_bandwidth)
    if as_json:
        print_json(report)
    else:
        click.echo("\n".join(hardware_lines(report)))


def list_runs(*, as_json: bool) -> None:
    """All runs, the newest first."""
    from weighin.engine import paths
    from weighin.engine.store.store import Store

    with Store.open(paths.store_path()) as store:
        rows = store.runs()
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No runs yet. Start one with: weighin run --model FILE.gguf")
        return
    click.echo(f"{'run':<21} {'started':<17} {'status':<12} {'answers':>7} name")
    for row in rows:
        started = datetime.datetime.fromtimestamp(row.created_at).astimezone()
        status = "working" if row.locked else "interrupted" if row.status == "running" else row.status
        models = f"{len(row.candidates)} models"
        click.echo(f"{row.id:<21} {started:%Y-%m-%d %H:%M}  {status:<12} {row.answers:>7} {row.name} ({models})")


def show_run(run_id: str, *, answers: bool, as_json: bool) -> None:
    """The verdict on what a run has so far."""
    from weighin.engine import paths
    from weighin.engine.events.run import AnswerScored
    from weighin.engine.judging.verdict import reach_verdict
    from weighin.engine.report.table import verdict_lines
    from weighin.engine.store.store import Store

    with Store.open(paths.store_path()) as store:
        row = store.find(run_id)
        plan, events = store.plan(row.id), store.events(row.id)
    verdict = reach_verdict(plan, events)
    given = [event for event in events if isinstance(event, AnswerScored)]
    if as_json:
        document = {"run": row, "plan": plan, "verdict": verdict}
        print_json({**document, "answers": given} if answers else document)
        return
    click.echo(f"Run {row.id} ({row.name}), {row.status}, {row.answers} answers\n")
    click.echo("\n".join(verdict_lines(verdict, plan, width=_width())))
    if answers:
        click.echo()
        for answer in given:
            mark = "✓" if answer.correct else "✗"
            found = answer.extracted if answer.extracted is not None else "(nothing found)"
            click.echo(
                f"{mark} {answer.suite}/{answer.item} {answer.candidate}: {found!r}, expected {answer.expected!r}"
            )


def list_suites(*, as_json: bool) -> None:
    """Built-in suites with what they ask, and whether their data is here."""
    from weighin.engine.plan.model import BuiltInSuite
    from weighin.engine.tasks.opening import open_suite
    from weighin.engine.tasks.reference.presence import data_presence
    from weighin.engine.tasks.spec import suite_specs

    specs = sorted(suite_specs(), key=lambda spec: (bool(spec.format), spec.name))
    present = {spec.name: data_presence(spec) for spec in specs}
    rows = [
        {
            "name": spec.name,
            "title": spec.title,
            "kind": spec.kind,
            # Data of a reference suite may have to be fetched, which a list must not do.
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
    if as_json:
        print_json(rows)
        return
    head = f"{'suite':<20} {'kind':<9} {'items':>5} {'metric':<24} {'chance':>6}  {'data':<12} what it asks"
    click.echo(f"Here, made from a seed or brought along:\n{head}")
    told = False
    for row in rows:
        if row["dataset"] and not told:
            told = True
            said = "Reference suites, as lm-evaluation-harness asks them; data that is not here is fetched once"
            click.echo(f"\n{said}:\n{head}")
        chance = "–" if row["chance"] is None else f"{row['chance']:.0%}"
        items = "" if row["items"] is None else str(row["items"])
        line = f"{row['name']:<20} {row['kind']:<9} {items:>5} {row['metric']:<24} {chance:>6}  "
        click.echo(line + f"{present[str(row['name'])].words:<12} {row['title']}")


def export_run(run_id: str, *, fmt: str, output: str) -> None:
    """Write a stored run in one of the export formats."""
    from weighin.engine import paths
    from weighin.engine.report.export import export
    from weighin.engine.store.store import Store

    with Store.open(paths.store_path()) as store:
        row = store.find(run_id)
        export(row.id, store.plan(row.id), store.events(row.id), fmt, Path(output))
    click.echo(f"Run {row.id} written to {output}.", err=True)
