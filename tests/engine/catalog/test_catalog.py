from pathlib import Path

import pytest

from weighin.assets import asset
from weighin.engine.catalog.check import check_catalog
from weighin.engine.catalog.kv import kv_cache_bytes
from weighin.engine.catalog.licenses import license_id
from weighin.engine.catalog.models import CatalogError, load_catalog, read_family
from weighin.engine.catalog.quants import ladder
from weighin.engine.catalog.text import compare_models, license_report, models_table
from weighin.engine.catalog.verdict import (
    Allowed,
    AllowedIf,
    NotAllowed,
    StatedUse,
    Unknown,
    license_verdict,
    model_verdict,
)

U = StatedUse
USERS = U(monthly_users=800_000_000)
SMALL = U(monthly_users=5_000_000)
TRAIN = U(train_on_outputs=True, monthly_users=1)
RESEARCH = U(purpose="research")
CASES = [
    ("llama-3.1-8b-instruct", USERS, NotAllowed, "700 million"),
    ("llama-3.1-8b-instruct", SMALL, AllowedIf, "acceptable-use"),
    ("llama-3.1-8b-instruct", U(), AllowedIf, "700 million"),
    ("llama-3.1-8b-instruct", TRAIN, AllowedIf, "Built with Llama"),
    ("llama-3.2-1b-instruct", USERS, NotAllowed, "700 million"),
    ("llama-3.2-3b-instruct", U(region="DE", monthly_users=1), AllowedIf, "acceptable-use"),
    ("llama-3.2-1b-instruct", U(osi_required=True), NotAllowed, "not OSI-approved"),
    ("llama-3.1-8b-instruct", U(gated_ok=False), NotAllowed, "gated"),
    ("gemma-2-9b-it", U(), AllowedIf, "Prohibited Use Policy"),
    ("gemma-2-9b-it", U(osi_required=True), NotAllowed, "not OSI-approved"),
    ("gemma-3-4b-it", U(redistribute=True), AllowedIf, "§3.1"),
    ("gemma-3-4b-it", TRAIN, AllowedIf, "same terms"),
    ("gemma-4-e4b-it", U(), Allowed, "commercial use is granted"),
    ("gemma-4-12b-it", U(osi_required=True), Allowed, "Apache"),
    ("ministral-8b-instruct-2410", U(), NotAllowed, "MRL 0.1 §2"),
    ("ministral-8b-instruct-2410", U(purpose="internal"), NotAllowed, "research"),
    ("ministral-8b-instruct-2410", RESEARCH, Allowed, ""),
    ("ministral-3-8b-instruct-2512", U(), Allowed, "commercial"),
    ("qwen2.5-3b-instruct", U(), NotAllowed, "research or evaluation only"),
    ("qwen2.5-3b-instruct", RESEARCH, Allowed, ""),
    ("qwen2.5-7b-instruct", U(), Allowed, "commercial"),
    ("deepseek-r1-distill-llama-8b", USERS, NotAllowed, "700 million"),
    ("deepseek-r1-distill-llama-8b", U(osi_required=True), NotAllowed, "Llama 3.1"),
    ("hermes-3-llama-3.1-8b", TRAIN, NotAllowed, "any other large language model"),
    ("hermes-3-llama-3.1-8b", USERS, NotAllowed, "700 million"),
    ("lfm2-1.2b", U(annual_revenue_usd=20_000_000), NotAllowed, "USD 10 million"),
    ("lfm2-1.2b", U(annual_revenue_usd=1_000_000), Allowed, "below the revenue limit"),
    ("hunyuan-7b-instruct", U(region="FR"), NotAllowed, "European Union"),
    ("falcon3-7b-instruct", U(), Unknown, "not known"),
    ("stablelm-2-1-6b-chat", U(), Unknown, "not in the catalog"),
    ("phi-4", U(redistribute=True), AllowedIf, "license notice"),
]


@pytest.mark.parametrize(("name", "use", "kind", "text"), CASES)
def test_verdict_and_reason(name: str, use: StatedUse, kind: type, text: str) -> None:
    catalog = load_catalog()
    verdict = model_verdict(catalog.find(name), use, catalog.licenses)
    assert isinstance(verdict, kind), verdict
    reasons = verdict.conditions if isinstance(verdict, AllowedIf) else verdict.reasons
    assert text in " ".join(reasons)


def test_llama_3_outputs_may_not_train_others_but_unknown_is_never_allowed() -> None:
    licenses = load_catalog().licenses
    assert isinstance(license_verdict(["llama3"], TRAIN, licenses), NotAllowed)
    assert isinstance(license_verdict([], U(), licenses), Unknown)
    assert isinstance(license_verdict(["apache-2.0", "house-terms"], U(), licenses), Unknown)
    assert license_id("license:Apache-2.0", licenses) == "apache-2.0"
    assert license_id("something else", licenses) is None


def test_shipped_catalog_is_sound() -> None:
    assert len(load_catalog().models) >= 40
    assert check_catalog(load_catalog()) == []


def test_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(CatalogError, match=r"llama-3\.2-1b-instruct"):
        load_catalog().find("llama-3.2-1b-instrct")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "hub-records"', 'source = "nowhere"', "not listed"),
        ("n_layer = 32", 'n_layer = "many"', "n_layer"),
        ("deployment =", "deploymint =", "deploy"),
        ("[sources]", "[sources", "cannot be used"),
    ],
)
def test_mutated_file_says_what_is_wrong(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = asset("catalog", "llama-3.1.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "f.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogError, match=message):
        read_family(tmp_path / "f.toml")


def test_kv_cache_and_ladder() -> None:
    llama = load_catalog().find("llama-3.1-8b-instruct")
    assert kv_cache_bytes(llama, 8192) == 131072 * 8192
    gemma = load_catalog().find("gemma-3-4b-it")
    assert kv_cache_bytes(gemma, 32768) < kv_cache_bytes(gemma, 32768, swa_full=True)
    fits = [r.quant.name for r in ladder(llama, 7 * 2**30, 8192) if r.fits]
    assert "Q4_K_M" in fits
    assert "Q8_0" not in fits


def test_text_fits_and_says_set_up() -> None:
    assert all(len(line) <= 80 for line in models_table(width=80))
    assert any("69.4 (instruct, 5-shot)" in line for line in compare_models(["llama-3.1-8b-instruct", "phi-4"]))
    assert license_report("ministral-8b-instruct-2410", U()).lines[0].endswith("not allowed")
