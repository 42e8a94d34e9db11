"""Task files of lm-evaluation-harness from the command line to the export."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from fixtures.command_line import call
from fixtures.runs import QUICK, SETTINGS

from weighin.engine.bundle.create import create_bundle, verify_bundle
from weighin.engine.bundle.install import install_bundle
from weighin.engine.hub.errors import BundleError
from weighin.engine.plan.files import read_plan, write_plan
from weighin.engine.plan.model import FileSource, OwnSuite, Plan, RacePlan, data_path
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.tasks.opening import open_suite

TASK = """task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: sums.jsonl}}
test_split: test
doc_to_text: "{{a}} + {{a}} ="
doc_to_target: "{{a + a}}"
generation_kwargs: {until: ["."], max_gen_toks: 4}
metric_list: [{metric: exact_match}]
filter_list:
  - {name: first, filter: [{function: regex, regex_pattern: "[0-9]+"}, {function: take_first}]}
  - {name: last, filter: [{function: regex, regex_pattern: "[0-9]+", group_select: -1}, {function: take_first}]}
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    file = tmp_path / "sums.yaml"
    file.write_text(TASK, encoding="utf-8")
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps({"a": n}) + "\n" for n in range(4)), encoding="utf-8")
    return file


def test_a_task_file_is_a_suite_of_its_name(tmp_path: Path, task: Path, tiny_models: list[Path]) -> None:
    saved = tmp_path / "plan.toml"
    options = ["run", "-m", str(tiny_models[0]), "-s", str(task), "--save-plan", str(saved)]
    result = call(*options)
    assert result.exit_code == 0, result.output
    (suite,) = read_plan(saved).suites
    assert suite == OwnSuite(name="sums", source=FileSource(path=str(task)))


def test_filters_of_a_task_file_are_exported_under_their_names(
    tmp_path: Path, task: Path, tiny_models: list[Path]
) -> None:
    plan, out = tmp_path / "plan.toml", tmp_path / "out"
    # As a plan names it: from the plan's own folder.
    write_plan(
        Plan(
            candidates=candidates_from_paths([str(tiny_models[0])]),
            suites=(OwnSuite(name="s", source=FileSource(path=task.name)),),
            settings=SETTINGS,
            speed=QUICK,
            race=RacePlan(enabled=False),
        ),
        plan,
    )
    assert call("run", str(plan)).exit_code in (0, 1)
    written = call("export", "--format", "lm-eval", "-o", str(out))
    assert written.exit_code == 0, written.output
    (file,) = out.rglob("results_*.json")
    results = json.loads(file.read_text(encoding="utf-8"))
    assert {"exact_match,first", "exact_match,last"} <= set(results["results"]["s"])
    assert results["results"]["s"]["sample_len"] == 4
    assert {entry["name"] for entry in results["configs"]["s"]["filter_list"]} == {"first", "last"}
    assert [entry["metric"] for entry in results["configs"]["s"]["metric_list"]] == ["exact_match"]


def test_an_error_in_a_task_file_is_one_sentence(task: Path, tiny_models: list[Path]) -> None:
    task.write_text(TASK + "process_docs: !function utils.clean\n", encoding="utf-8")
    result = call("run", "-m", str(tiny_models[0]), "-s", str(task))
    assert result.exit_code == 2
    assert "process_docs is the Python function utils.clean, which weighin does not run" in result.stderr
    assert "Traceback" not in result.stderr
    shown = call("preview", str(task))
    assert shown.exit_code == 2
    assert shown.stderr == result.stderr


def test_a_preview_of_a_task_file_shows_its_first_items(task: Path) -> None:
    shown = call("preview", str(task), "-n", "2")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[0].startswith(f"{task}: 4 generate items; scored by harness_match, main metric exact_match")
    asked = lines[lines.index("As they will be asked (of models with a chat template)") :]
    assert sum(line.startswith("── test-") for line in asked) == 2
    # The template, filled in with the row.
    assert sum("0" in line and line.startswith("user:") for line in asked) == 1
    refused = call("preview", str(task), "--scorer", "numeric")
    assert refused.exit_code == 2
    assert "it takes no scorer" in refused.stderr


def bundle_of(task: Path, model: Path, to: Path) -> Plan:
    """What the other side imports."""
    plan = Plan(
        candidates=candidates_from_paths([str(model)]),
        suites=(OwnSuite(name="sums", source=FileSource(path=str(task))),),
    )
    create_bundle(freeze_plan(plan).plan, to)
    verify_bundle(to)
    return install_bundle(to).plan


def test_a_bundle_carries_a_task_file_with_its_data(tmp_path: Path, task: Path, tiny_models: list[Path]) -> None:
    inner = task.parent / "data" / "sums.jsonl"
    inner.parent.mkdir()
    (task.parent / "sums.jsonl").rename(inner)
    task.write_text(TASK.replace("sums.jsonl", "data/sums.jsonl"), encoding="utf-8")
    there = bundle_of(task, tiny_models[0], tmp_path / "bundle")
    (suite,) = there.suites
    assert Path(data_path(suite)).read_bytes() == task.read_bytes()
    assert Path(data_path(suite)).parent != task.parent
    here = OwnSuite(name="sums", source=FileSource(path=str(task)))
    assert open_suite(suite, seed=1, limit=0).items == open_suite(here, seed=1, limit=0).items
    assert freeze_plan(there).plan.suites == there.suites


def test_a_bundle_takes_no_data_from_outside_the_folder_of_the_task_file(
    tmp_path: Path, task: Path, tiny_models: list[Path]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (task.parent / "sums.jsonl").rename(tmp_path / "elsewhere" / "sums.jsonl")
    for name in ("elsewhere/../elsewhere/sums.jsonl", str(tmp_path / "elsewhere" / "sums.jsonl"), "../x.jsonl"):
        folder = tmp_path / "tasks"
        folder.mkdir(exist_ok=True)
        moved = folder / "sums.yaml"
        wanted = name if Path(name).is_absolute() else f"../{name}"
        moved.write_text(TASK.replace("sums.jsonl", wanted), encoding="utf-8")
        plan = Plan(
            candidates=candidates_from_paths([str(tiny_models[0])]),
            suites=(OwnSuite(name="sums", source=FileSource(path=str(moved))),),
        )
        with pytest.raises(BundleError, match="is outside its folder"):
            create_bundle(plan, tmp_path / "bundle")


def test_a_bundle_whose_task_names_a_file_of_this_machine_is_refused(
    tmp_path: Path, task: Path, tiny_models: list[Path]
) -> None:
    bundle = tmp_path / "bundle"
    bundle_of(task, tiny_models[0], bundle)
    secret = tmp_path / "secret.jsonl"
    secret.write_text('{"a": 1}\n', encoding="utf-8")
    (inside,) = (bundle / "data").rglob("sums.yaml")
    # Changed together with the manifest, as an attacker would.
    evil = TASK.replace("sums.jsonl", str(secret)).encode()
    old, new = (hashlib.sha256(content).hexdigest() for content in (inside.read_bytes(), evil))
    size = inside.stat().st_size
    inside.write_bytes(evil)
    files = (path for path in bundle.iterdir() if path.is_file())
    (manifest,) = (path for path in files if old in path.read_text(encoding="utf-8"))
    text = manifest.read_text(encoding="utf-8").replace(old, new)
    manifest.write_text(re.sub(rf'("size_bytes": ?){size}\b', rf"\g<1>{len(evil)}", text), encoding="utf-8")
    with pytest.raises(BundleError, match=r"sums\.yaml names"):
        verify_bundle(bundle)
