"""Plan files and stored plans: what they say survives, nonsense fails, and plans of the previous version open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import PlanError
from weighin.engine.plan.files import is_reference_suite, plan_from_toml, plan_to_toml, read_plan
from weighin.engine.plan.model import BuiltInSuite, FileSource, HubSource, OwnAsking, OwnSuite, Plan, PlannedSuite
from weighin.engine.tasks.spec import suite_specs

_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "columns": st.dictionaries(_WORDS, _WORDS, max_size=3),
        "shots": st.integers(0, 1000),
        "scorer": _WORDS,
        "extractor": _WORDS,
        "metric": _WORDS,
        "right_at": st.floats(0, 1),
        "max_tokens": st.integers(0, 10**6),
        "stop": st.none() | st.lists(_WORDS.filter(bool), max_size=3).map(tuple),
        "system": _WORDS,
    },
)
_SOURCES = st.one_of(
    st.builds(FileSource, path=_WORDS.filter(bool)),
    st.builds(
        HubSource,
        repo=st.sampled_from(["owner/name", "o/n-1_2.x"]),
        pattern=st.sampled_from(["a.csv", "data/test-*.parquet", "x/*.JSONL"]),
        revision=st.sampled_from(["", "main", "refs/convert/parquet", "0" * 40]),
    ),
)
_SUITES = st.one_of(
    st.builds(
        OwnSuite,
        name=st.just("mine"),
        source=_SOURCES,
        asking=_OPTIONS.map(lambda options: OwnAsking(**options)),  # type: ignore[arg-type]
        limit=st.integers(0, 9),
        data_sha256=_WORDS,
    ),
    st.builds(BuiltInSuite, name=st.just("everyday-choice"), limit=st.integers(0, 9)),
    st.builds(BuiltInSuite, name=st.just("piqa"), limit=st.integers(0, 9), data=_WORDS, data_sha256=_WORDS),
)


@given(suite=_SUITES)
def test_every_field_of_a_suite_survives_toml(suite: PlannedSuite) -> None:
    plan = Plan(suites=(suite, BuiltInSuite(name="classify")))
    assert plan_from_toml(plan_to_toml(plan), where="plan") == plan


def test_defaults_of_own_data_are_left_out_of_toml() -> None:
    suite = OwnSuite(name="mine", source=FileSource(path="a.csv"), asking=OwnAsking(shots=2))
    text = plan_to_toml(Plan(suites=(suite,)))
    assert [line for line in text.splitlines() if "shots" in line]
    assert not [line for line in text.splitlines() if "right_at" in line or "scorer" in line]


@pytest.mark.parametrize("name", ["everyday-choice", "piqa"])
@pytest.mark.parametrize("field", ["shots = 1", 'scorer = "exact"', "stop = []", 'columns = { a = "b" }'])
def test_a_built_in_suite_takes_no_option_of_own_data(name: str, field: str) -> None:
    data = 'data = "folder"' if name == "piqa" else ""
    with pytest.raises(PlanError, match=f"'{name}' is a built-in one, which takes no {field.split()[0]}"):
        plan_from_toml(f'[[suites]]\nname = "{name}"\n{data}\n{field}', where="plan.toml")


def test_data_under_the_name_of_a_reference_suite_is_that_suites_data() -> None:
    text = 'suites = [{ name = "piqa", data = "a" }, { name = "classify", data = "b" }, { name = "mine", data = "c" }]'
    assert plan_from_toml(text, where="plan").suites == (
        BuiltInSuite(name="piqa", data="a"),
        OwnSuite(name="classify", source=FileSource(path="b")),
        OwnSuite(name="mine", source=FileSource(path="c")),
    )


def test_plan_files_and_suite_specs_agree_on_what_a_reference_suite_is() -> None:
    names = [spec.name for spec in suite_specs()]
    assert [name for name in names if is_reference_suite(name)] == [spec.name for spec in suite_specs() if spec.format]
    assert not any(map(is_reference_suite, ("", "mine", "chat-prompts", "../tasks/piqa")))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('data = "a.csv"\nhub_repo = "o/n"\nhub_file = "a.csv"', "both data and hub_repo"),
        ('hub_repo = "o/n"', "needs hub_file"),
        ('hub_repo = "o/n"\nhub_file = "a.zip"', "needs hub_file"),
        ('hub_repo = "just-a-name"\nhub_file = "a.csv"', "owner/name"),
        ('hub_repo = "o/n"\nhub_file = "a.csv"\nhub_revision = "../x"', "branch, tag or commit"),
        ('hub_file = "a.csv"', "without hub_repo"),
        ('data = "a.csv"\nhub_revision = "main"', "without hub_repo"),
        ('data = "a.csv"\nshots = -1', "negative"),
        ('data = "a.csv"\nmax_tokens = -1', "negative"),
        ("limit = -1", "negative"),
        ('data = "a.csv"\nright_at = 1.5', "right_at 1.5"),
        ('data = "a.csv"\nright_at = nan', "right_at nan"),
        ('data = "a.csv"\nstop = [""]', "empty stop"),
        ('data = "a.csv"\ncolumns = { a = 3 }', "Expected `str`"),
        ('data = "a.csv"\nscore = "exact"', "unknown field `score`"),
    ],
)
def test_impossible_values_fail_in_one_sentence(fields: str, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        plan_from_toml(f'[[suites]]\nname = "mine"\n{fields}', where="plan.toml")
    assert str(caught.value).startswith("plan.toml: ")
    assert len(str(caught.value).splitlines()) == 1


def test_a_plan_stored_by_the_previous_version_opens() -> None:
    stored = """
[[candidates]]
id = "tiny"
path = "/models/tiny.gguf"
name = "Tiny"

[[suites]]
name = "piqa"
data = "/data/piqa"
data_sha256 = "11"

[[suites]]
name = "sums"
hub_repo = "owner/sums"
hub_file = "data/test-*.parquet"
hub_revision = "0000000000000000000000000000000000000000"
data_sha256 = "22"
limit = 5
scorer = "numeric"
shots = 2
stop = []

[suites.columns]
frage = "prompt"
"""
    plan = plan_from_toml(stored, where="run 1")
    assert plan.suites == (
        BuiltInSuite(name="piqa", data="/data/piqa", data_sha256="11"),
        OwnSuite(
            name="sums",
            source=HubSource(repo="owner/sums", pattern="data/test-*.parquet", revision="0" * 40),
            asking=OwnAsking(columns={"frage": "prompt"}, shots=2, scorer="numeric", stop=()),
            limit=5,
            data_sha256="22",
        ),
    )
    assert plan_from_toml(plan_to_toml(plan), where="run 1") == plan


def test_relative_data_paths_start_at_the_plan_file(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text('suites = [{ name = "everyday-choice" }, { name = "mine", data = "q.jsonl" }]')
    assert read_plan(tmp_path / "plan.toml").suites == (
        BuiltInSuite(name="everyday-choice"),
        OwnSuite(name="mine", source=FileSource(path=str(tmp_path.resolve() / "q.jsonl"))),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed.repeats = 999999999", "speed.repeats is 999999999; it must be at most 10,000"),
        ("settings.n_ctx = 100000000000", "settings.n_ctx is 100000000000; it must be at most 16,777,216"),
        ("settings.seed = -1", "settings.seed is -1; it must not be negative"),
        ("settings.n_gpu_layers = -2", "settings.n_gpu_layers is -2; it must be a number of layers, or -1 for all"),
        ("limits.equivalence_margin = inf", "limits.equivalence_margin is inf; it must be between 0 and 1"),
        ("limits.equivalence_margin = nan", "limits.equivalence_margin is nan; it must be a number"),
        ("time_budget_s = inf", "time_budget_s is inf; it must be at most 1,000,000,000"),
        ("time_budget_s = nan", "time_budget_s is nan; it must be a number"),
        ("consistency.temperature = inf", "consistency.temperature is inf; it must be at most 100"),
        ("consistency.share = inf", "consistency.share is inf; it must be at most"),
        ("limits.max_ttft_s = inf", "limits.max_ttft_s is inf; it must be at most"),
        ("speed.chat_tokens = 99999999999", "speed.chat_tokens is 99999999999; it must be at most"),
        ("speed.max_disturbed_retries = 5000000", "speed.max_disturbed_retries is 5000000; it must be at most"),
        ("item_limit = " + "9" * 30, "item_limit is a number with more than 20 digits; it must be at most"),
    ],
)
def test_every_number_in_a_plan_is_finite_and_bounded(text: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan_from_toml(text, where="plan")
    assert said in str(caught.value)


def test_a_plan_file_with_an_id_that_leaves_its_place_is_refused(tmp_path: Path) -> None:
    for bad in ("../x", "a/../b", "a; touch X #", "-h"):
        text = f'[[candidates]]\nid = "{bad}"\npath = "x.gguf"\nname = "x"\n'
        (tmp_path / "plan.toml").write_text(text)
        with pytest.raises(PlanError, match=r"candidate id .* is not allowed"):
            read_plan(tmp_path / "plan.toml")
        assert plan_from_toml(text, where="a stored plan").candidates[0].id == bad


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are made with POSIX calls")
def test_a_plan_file_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.toml")
    for path in (tmp_path / "plan.toml", Path("/dev/zero"), tmp_path):
        with pytest.raises(PlanError, match="cannot be read"):
            read_plan(path)
