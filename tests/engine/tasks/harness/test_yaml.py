"""Task files of lm-evaluation-harness: the same prompts as our own formats, and clear errors."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError, WeighinError
from weighin.engine.plan.model import FileSource, OwnAsking, OwnSuite
from weighin.engine.tasks.formats import find_format
from weighin.engine.tasks.harness.items import harness_files, open_harness_task
from weighin.engine.tasks.harness.yaml import read_harness_task
from weighin.engine.tasks.items import ChoiceItem, GenerateItem, Item
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.own.files import find_own_files, own_sha256
from weighin.engine.tasks.patterns import find_match
from weighin.engine.tasks.requests import ChoiceRequest, GenerateRequest, GenerateResult, build_request
from weighin.engine.tasks.scoring import score
from weighin.engine.tasks.spec import find_spec

ARC = """
    tag: [science]
    task: my_arc
    dataset_path: json
    dataset_name: null
    dataset_kwargs: {data_files: {test: arc.jsonl}}
    output_type: multiple_choice
    test_split: test
    doc_to_text: "Question: {{question}}\\nAnswer:"
    doc_to_target: "{{choices.label.index(answerKey)}}"
    doc_to_choice: "{{choices.text}}"
    metric_list:
      - {metric: acc, aggregation: mean, higher_is_better: true}
      - {metric: acc_norm, aggregation: mean, higher_is_better: true}
    metadata: {version: 1.0}
"""
PIQA = """
    task: my_piqa
    dataset_path: parquet
    dataset_kwargs: {data_files: {validation: [piqa.parquet]}}
    output_type: multiple_choice
    validation_split: validation
    test_split: null
    doc_to_text: "Question: {{goal}}\\nAnswer:"
    doc_to_target: label
    doc_to_choice: "{{[sol1, sol2]}}"
    should_decontaminate: true
    doc_to_decontamination_query: goal
    metric_list: [{metric: acc}]
"""
GSM8K = r"""
    task: my_gsm8k
    dataset_path: json
    dataset_kwargs: {data_files: {train: train.jsonl, test: test.jsonl}}
    output_type: generate_until
    training_split: train
    fewshot_split: train
    test_split: test
    num_fewshot: 5
    doc_to_text: "Question: {{question}}\nAnswer:"
    doc_to_target: "{{answer}}"
    generation_kwargs:
      until: ["Question:", "</s>"]
      do_sample: false
      temperature: 0.0
      max_gen_toks: 200
    metric_list:
      - metric: exact_match
        aggregation: mean
        higher_is_better: true
        ignore_case: true
        ignore_punctuation: false
        regexes_to_ignore: [",", "\\$", "(?s).*#### ", "\\.$"]
    repeats: 1
    filter_list:
      - name: strict-match
        filter:
          - {function: regex, regex_pattern: "#### (\\-?[0-9\\.\\,]+)"}
          - {function: take_first}
      - name: flexible-extract
        filter:
          - {function: regex, group_select: -1, regex_pattern: "(-?[$0-9.,]{2,})|(-?[0-9]+)"}
          - {function: take_first}
"""
ARC_ROWS: list[dict[str, Any]] = [
    {
        "id": f"q{n}", "question": f"Which of the {n} is wet?", "answerKey": "BCD"[n % 3],
        "choices": {"label": ["A", "B", "C", "D"], "text": ["it's a stone", 'the "sea"', "a fire", "dust"]},
    }
    for n in range(6)
]  # fmt: skip
PIQA_ROWS: list[dict[str, Any]] = [
    {"goal": f"To open {n} jars, ", "sol1": "turn the lid.", "sol2": "turn the table.", "label": n % 2}
    for n in range(5)
]
MATHS = [
    {"question": f"What is {n} and {n}?", "answer": f"{n} + {n} = {2 * n}.\n#### {1000 * n:,}"} for n in range(1, 31)
]


def write_task(folder: Path, text: str, name: str = "task.yaml") -> Path:
    (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return folder / name


def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def opened(path: Path) -> tuple[Any, tuple[Item, ...]]:
    return open_harness_task(path, name="mine")


@pytest.fixture
def arc(tmp_path: Path) -> Path:
    write_rows(tmp_path / "arc.jsonl", ARC_ROWS)
    return write_task(tmp_path, ARC)


@pytest.fixture
def gsm8k(tmp_path: Path) -> Path:
    write_rows(tmp_path / "train.jsonl", MATHS[:20])
    write_rows(tmp_path / "test.jsonl", MATHS[20:])
    return write_task(tmp_path, GSM8K)


def requests(spec: Any, items: tuple[Item, ...]) -> list[tuple[Any, ...]]:
    """What a worker gets, without the items' names."""
    found: list[tuple[Any, ...]] = []
    for item in items:
        request = build_request(spec, item)
        if isinstance(request, ChoiceRequest):
            assert isinstance(item, ChoiceItem)
            found.append((request.contexts, request.continuations, item.gold))
        else:
            found.append((request.prompt, [m.content for m in request.messages]))
    return found


def test_an_arc_task_file_has_the_prompts_of_the_built_in_suite(arc: Path) -> None:
    spec, items = opened(arc)
    own = find_spec("arc-easy")
    # Our format stands on the validation rows of the data set.
    split = list(own.dataset.files)[-1] if own.dataset else ""
    assert requests(spec, items) == requests(own, find_format("arc")({split: ARC_ROWS}, own))
    assert (spec.kind, spec.metric, spec.chance, spec.prompt_style) == ("choice", "acc_norm", 0.25, "plain")
    assert spec.title.startswith("my_arc")


def test_a_piqa_task_file_has_the_prompts_of_the_built_in_suite(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(PIQA_ROWS), tmp_path / "piqa.parquet")
    spec, items = opened(write_task(tmp_path, PIQA))
    own = find_spec("piqa")
    assert requests(spec, items) == requests(own, find_format("piqa")({"validation": PIQA_ROWS}, own))
    assert spec.metric == "acc"


def test_a_gsm8k_task_file_has_the_examples_and_scores_of_the_built_in_suite(gsm8k: Path) -> None:
    spec, items = opened(gsm8k)
    own = find_spec("gsm8k")
    ours = find_format("gsm8k")({"train": MATHS[:20], "test": MATHS[20:]}, own)
    assert requests(spec, items) == requests(own, ours)
    assert (spec.n_shot, spec.stop, spec.max_tokens) == (5, ("Question:", "</s>"), 200)
    assert spec.metric == "exact_match,strict-match"
    suite, builtin = open_suite(OwnSuite(name="mine", source=FileSource(path=str(gsm8k))), seed=1, limit=0), None
    assert suite.spec == spec
    builtin = type(suite)(spec=own, items=ours)
    for number, text in enumerate(
        ("so #### 21,000.", "That makes $21000.", "#### 21,000 or 7", "nothing", "", "21,000 #### 3")
    ):
        mine = answered(suite, items[0], text)
        theirs = answered(builtin, ours[0], text)
        assert mine.scores["exact_match,strict-match"] == theirs.scores["exact_match_strict"], number
        assert mine.scores["exact_match,flexible-extract"] == theirs.scores["exact_match"], number
    assert answered(suite, items[0], "so #### 21,000.").correct
    assert answered(suite, items[0], "so #### 21,000.").extracted == "21,000."
    assert answered(suite, items[0], "no number").extracted is None


def answered(suite: Any, item: Item, text: str) -> Any:
    result = GenerateResult(
        item=item.id, prompt="p", text=text, n_prompt_tokens=1, n_output_tokens=1, stop="length", elapsed_s=0.1
    )
    return score(suite, item, result, candidate="c")


def test_columns_descriptions_lists_and_first_examples(tmp_path: Path) -> None:
    rows = [{"q": f"Is {n} even?", "a": n % 2, "about": "numbers"} for n in range(6)]
    write_rows(tmp_path / "d.jsonl", rows)
    task = """
        task: parity
        dataset_path: json
        dataset_kwargs: {data_files: {test: d.jsonl}}
        output_type: multiple_choice
        test_split: test
        fewshot_split: test
        num_fewshot: 2
        fewshot_config: {sampler: first_n}
        description: "About {{about}}:\\n"
        doc_to_text: q
        doc_to_target: a
        doc_to_choice: ["yes", "no"]
        target_delimiter: " -> "
        fewshot_delimiter: ";\\n"
    """
    _spec, items = opened(write_task(tmp_path, task))
    assert isinstance(items[1], ChoiceItem)
    # The row that is asked is not among its own examples.
    assert items[1].contexts == ("About numbers:\nIs 0 even? -> yes;\nIs 2 even? -> yes;\nIs 1 even?",)
    assert items[5].contexts == ("About numbers:\nIs 0 even? -> yes;\nIs 1 even? -> no;\nIs 5 even?",)
    assert items[1].continuations == (" -> yes", " -> no")
    assert [item.gold for item in items if isinstance(item, ChoiceItem)] == [0, 1, 0, 1, 0, 1]


def test_generated_answers_are_compared_with_all_targets(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("q,a\nCapital of France?,\"['Paris', 'paris, France']\"\n", encoding="utf-8")
    task = """
        task: capitals
        dataset_path: csv
        dataset_kwargs: {data_files: d.csv}
        test_split: train
        doc_to_text: "{{q}}"
        doc_to_target: "{{a}}"
        metric_list: [{metric: exact_match, ignore_case: true, ignore_punctuation: true}]
    """
    path = write_task(tmp_path, task)
    suite = open_suite(OwnSuite(name="mine", source=FileSource(path=str(path))), seed=1, limit=0)
    (item,) = suite.items
    assert isinstance(item, GenerateItem)
    assert isinstance(build_request(suite.spec, item), GenerateRequest)
    assert answered(suite, item, " PARIS!").correct
    assert answered(suite, item, "paris France").correct
    assert not answered(suite, item, "Lyon").correct
    assert suite.spec.metric == "exact_match"


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("process_docs", "process_docs: !function utils.process"),
        ("metric_list.0.metric", "metric_list: [{metric: !function utils.f1}]"),
        ("doc_to_text", "doc_to_text: !function utils.text"),
        ("include", "include: other.yaml"),
        ("gen_prefix", 'gen_prefix: "So"'),
        ("unsafe_code", "unsafe_code: true"),
        ("dataset_path", "dataset_path: allenai/ai2_arc"),
        ("data_files", "dataset_kwargs: {data_files: {test: 'https://example.org/a.jsonl'}}"),
        ("trust_remote_code", "dataset_kwargs: {trust_remote_code: true, data_files: a.jsonl}"),
        ("metric_list", "metric_list: [{metric: acc_mutual_info}]"),
        ("metric_list", "metric_list: [{metric: exact_match}]"),
        ("output_type", "output_type: loglikelihood_rolling"),
        ("generation_kwargs", "generation_kwargs: {do_sample: true}"),
        ("filter_list", "filter_list: [{name: a, filter: [{function: majority_vote}]}]"),
        ("repeats", "repeats: 5"),
        ("test_split", "test_split: null"),
        ("doc_to_choice", "doc_to_choice: null"),
        ("num_fewshot", "num_fewshot: -1"),
    ],
)
def test_unsupported_keys_fail_by_name(arc: Path, key: str, line: str) -> None:
    name = line.partition(":")[0]
    kept = []
    skipping = False
    for each in textwrap.dedent(ARC).strip().split("\n"):
        skipping = each.startswith(f"{name}:") or (skipping and each.startswith((" ", "-")))
        if not skipping:
            kept.append(each)
    arc.write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(DatasetError) as caught:
        opened(arc)
    assert key in str(caught.value)
    assert str(arc) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no keys"),
        ("- a\n- b", "holds no keys"),
        ("a: [", "not valid YAML"),
        ("a: !!python/object/apply:os.system ['true']", "not valid YAML"),
        ("task: x\ndataset_path: json\n", "missing required field"),
        ("\x00", "not valid YAML"),
    ],
)
def test_broken_files_fail_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        opened(write_task(tmp_path, text))
    with pytest.raises(DatasetError, match="no task file"):
        opened(tmp_path / "absent.yaml")


def test_nested_anchors_do_not_blow_up(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    with pytest.raises(DatasetError, match="a0 is not supported"):
        opened(write_task(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "doc_to_text fails for row 0"),
        ("{{ question.__init__.__globals__ }}", "doc_to_text fails for row 0"),
        ("{{ missing }}", "doc_to_text fails for row 0"),
        ("{{ question ", "doc_to_text fails for row 0"),
        ("{{ 7 }}", "doc_to_text gives '7'"),
    ],
)
def test_templates_stay_in_their_sandbox(arc: Path, template: str, said: str) -> None:
    arc.write_text(
        "\n".join(
            f'doc_to_text: "{template}"' if line.startswith("doc_to_text") else line
            for line in textwrap.dedent(ARC).split("\n")
        ),
        encoding="utf-8",
    )
    with pytest.raises(DatasetError, match=said):
        opened(arc)


@pytest.mark.parametrize(
    "changed", [{"answerKey": "E"}, {"choices": {"label": ["A"], "text": ["one"]}}, {"question": 1}]
)
def test_rows_that_do_not_fit_fail_with_their_place(arc: Path, changed: dict[str, Any]) -> None:
    write_rows(arc.parent / "arc.jsonl", [*ARC_ROWS, {**ARC_ROWS[0], **changed}])
    if "question" in changed:  # a template makes a text of it
        assert len(opened(arc)[1]) == 7
        return
    with pytest.raises(DatasetError, match="row 6 of test"):
        opened(arc)


def test_too_few_examples_and_missing_files_fail(gsm8k: Path) -> None:
    write_rows(gsm8k.parent / "train.jsonl", MATHS[:4])
    with pytest.raises(DatasetError, match="num_fewshot is 5, but the split train has 4 rows"):
        opened(gsm8k)
    (gsm8k.parent / "train.jsonl").unlink()
    with pytest.raises(DatasetError, match=r"train\.jsonl, which does not exist"):
        opened(gsm8k)


def test_a_changed_data_file_changes_the_hash_of_the_suite(gsm8k: Path) -> None:
    choice = OwnSuite(name="mine", source=FileSource(path=str(gsm8k)))
    assert [path.name for path in harness_files(gsm8k)] == ["task.yaml", "train.jsonl", "test.jsonl"]
    before = own_sha256(find_own_files(choice))
    write_rows(gsm8k.parent / "test.jsonl", MATHS[19:])
    assert own_sha256(find_own_files(choice)) != before


def test_a_task_file_takes_no_options_of_own_data(arc: Path) -> None:
    with pytest.raises(DatasetError, match="takes no scorer"):
        open_suite(
            OwnSuite(name="mine", source=FileSource(path=str(arc)), asking=OwnAsking(scorer="exact")), seed=1, limit=0
        )


@given(st.text(max_size=300))
def test_any_text_is_a_task_or_one_sentence(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        said = ""
        try:
            read_harness_task(path)
        except WeighinError as error:
            said = str(error.args[0])
        # Nothing that is drawn is a task; anything but our own error would have failed above.
        assert said.endswith(".")
        assert "\n" not in said


@given(st.text(alphabet="12,.#- ab$", max_size=30), st.integers(-3, 3))
def test_a_match_is_the_one_that_re_finds(text: str, group: int) -> None:
    import re

    pattern = r"(-?[$0-9.,]{2,})|(-?[0-9]+)"
    finds = re.findall(pattern, text)
    wanted = None
    if -len(finds) <= group < len(finds):
        wanted = next(part for part in finds[group] if part).strip()
    assert find_match(pattern, group, text) == wanted
