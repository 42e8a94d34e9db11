"""License verdicts: a table of cases, inheritance, and properties that hold for every license."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.catalog.licenses import Cap, License, Policy, Region, Term
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.catalog.report import license_id_report
from weighin.engine.catalog.verdict import (
    Allowed,
    AllowedIf,
    NotAllowed,
    StatedUse,
    Unknown,
    Verdict,
    license_verdict,
    model_verdict,
    reasons_of,
    severity,
)

U = StatedUse
USERS = U(monthly_users=800_000_000)
SMALL = U(monthly_users=5_000_000)
TRAIN = U(train_on_outputs=True, monthly_users=1)
RESEARCH = U(purpose="research")
INTERNAL = U(purpose="internal")
CASES = [
    # Llama: the cap of 700 million, naming, a policy that binds researchers too
    ("llama-3.1-8b-instruct", USERS, NotAllowed, "700 million"),
    ("llama-3.1-8b-instruct", SMALL, AllowedIf, "Acceptable Use Policy"),
    ("llama-3.1-8b-instruct", SMALL, AllowedIf, "§1.b.i: a product or service that contains it"),
    ("llama-3.1-8b-instruct", U(), AllowedIf, "700 million"),
    ("llama-3.1-8b-instruct", TRAIN, AllowedIf, 'begins with "Llama"'),
    ("llama-3.1-8b-instruct", RESEARCH, AllowedIf, "§1.b.iv"),
    ("llama-3.1-8b-instruct", U(redistribute=True, monthly_users=1), AllowedIf, "names of derived models"),
    ("llama-3.2-1b-instruct", USERS, NotAllowed, "§2"),
    ("llama-3.2-3b-instruct", U(region="DE", monthly_users=1), AllowedIf, "Acceptable Use Policy"),
    ("llama-3.2-1b-instruct", U(osi_required=True), NotAllowed, "not OSI-approved"),
    ("llama-3.1-8b-instruct", U(gated_ok=False), NotAllowed, "gated"),
    # Gemma's own terms until 3n, Apache from 4 on
    ("gemma-2-9b-it", U(), AllowedIf, "Prohibited Use Policy"),
    ("gemma-2-9b-it", U(osi_required=True), NotAllowed, "not OSI-approved"),
    ("gemma-3-4b-it", U(redistribute=True), AllowedIf, "§3.1"),
    ("gemma-3-4b-it", TRAIN, AllowedIf, "same terms"),
    ("gemma-3-270m-it", RESEARCH, AllowedIf, "§3.2"),
    ("gemma-4-e4b-it", U(), Allowed, "commercial use is granted"),
    ("gemma-4-12b-it", U(osi_required=True), Allowed, "Apache"),
    # research only
    ("ministral-8b-instruct-2410", U(), NotAllowed, "§3.2"),
    ("ministral-8b-instruct-2410", INTERNAL, NotAllowed, "daily tasks"),
    ("ministral-8b-instruct-2410", RESEARCH, Allowed, "academic"),
    ("ministral-3-8b-instruct-2512", U(), Allowed, "commercial"),
    ("qwen2.5-3b-instruct", U(), NotAllowed, "research or evaluation"),
    ("qwen2.5-3b-instruct", INTERNAL, NotAllowed, "research or evaluation"),
    ("qwen2.5-3b-instruct", RESEARCH, Allowed, "research or evaluation"),
    ("qwen2.5-coder-3b-instruct", U(), NotAllowed, "non-commercial"),
    ("qwen2.5-7b-instruct", U(), Allowed, "commercial"),
    ("exaone-3.5-7.8b-instruct", TRAIN, NotAllowed, "other models"),
    ("exaone-4.0-1.2b", U(), NotAllowed, "§3.1"),
    ("exaone-4.0-1.2b", RESEARCH, AllowedIf, "unethical"),
    # what a fine-tune inherits from its base, whatever its tag says
    ("deepseek-r1-distill-llama-8b", USERS, NotAllowed, "700 million"),
    ("deepseek-r1-distill-llama-8b", U(osi_required=True), NotAllowed, "Llama 3.1"),
    ("deepseek-r1-distill-qwen-7b", U(osi_required=True), Allowed, "Apache"),
    ("deepseek-r1-0528-qwen3-8b", U(redistribute=True), AllowedIf, "NOTICE"),
    ("hermes-3-llama-3.1-8b", TRAIN, NotAllowed, "any other large language model"),
    ("hermes-3-llama-3.1-8b", USERS, NotAllowed, "Llama 3.1"),
    ("hermes-3-llama-3.2-3b", USERS, NotAllowed, "Llama 3.2"),
    ("llama-3.1-nemotron-nano-8b-v1", USERS, NotAllowed, "700 million"),
    ("llama-3.1-nemotron-nano-8b-v1", RESEARCH, AllowedIf, "Trustworthy"),
    # limits on revenue and region
    ("lfm2-1.2b", U(annual_revenue_usd=20_000_000), NotAllowed, "USD 10 million"),
    ("lfm2-1.2b", U(annual_revenue_usd=10_000_000), NotAllowed, "USD 10 million"),
    ("lfm2-1.2b", U(annual_revenue_usd=1_000_000), Allowed, "below the revenue limit"),
    ("lfm2-1.2b", U(), AllowedIf, "USD 10 million"),
    ("lfm2-1.2b", U(purpose="research", annual_revenue_usd=20_000_000), Allowed, "not commercial"),
    ("hunyuan-7b-instruct", U(region="FR"), NotAllowed, "European Union"),
    ("hunyuan-7b-instruct", U(region="GB"), NotAllowed, "United Kingdom"),
    ("hunyuan-7b-instruct", U(region="US", monthly_users=200_000_000), NotAllowed, "100 million"),
    ("hunyuan-7b-instruct", U(region="US", monthly_users=1), AllowedIf, "Exhibit A"),
    ("hunyuan-7b-instruct", U(), AllowedIf, "South Korea"),
    # the others
    ("falcon3-7b-instruct", U(), AllowedIf, "§5.1"),
    ("falcon3-7b-instruct", U(osi_required=True), NotAllowed, "not OSI-approved"),
    ("nvidia-nemotron-3-nano-4b-bf16", U(), Allowed, "commercial use is granted"),
    ("stablelm-2-1-6b-chat", U(), Unknown, "not in the catalog"),
    ("stablelm-2-1-6b-chat", RESEARCH, Unknown, "not in the catalog"),
    ("phi-4", U(redistribute=True), AllowedIf, "permission notice"),
]


@pytest.mark.parametrize(("name", "use", "kind", "text"), CASES)
def test_verdicts_with_their_reasons(name: str, use: StatedUse, kind: type, text: str) -> None:
    catalog = load_catalog()
    verdict = model_verdict(catalog.find(name), use, catalog.licenses)
    assert isinstance(verdict, kind), verdict
    assert text in " ".join(reasons_of(verdict))


LICENSE_CASES = [
    ("modified-mit-kimi-k2", U(), AllowedIf, '"Kimi K2"'),
    ("modified-mit-kimi-k2", INTERNAL, Allowed, "commercial use is granted"),
    ("modified-mit-minimax-m2", U(), AllowedIf, "USD 30 million"),
    ("modified-mit-minimax-m2", U(redistribute=True), AllowedIf, "permission notice"),
    ("llama2", U(), AllowedIf, "June 2023"),
    ("llama2", USERS, NotAllowed, "700 million"),
    ("llama2", TRAIN, NotAllowed, "any other large language model"),
    ("llama3.2-vision", U(region="DE"), NotAllowed, "European Union"),
    ("llama3.2-vision", U(region="US", monthly_users=1), AllowedIf, "Built with Llama"),
    ("llama3.2-vision", U(), AllowedIf, "European Union"),
    ("llama3.3", USERS, NotAllowed, "November 2024"),
    ("llama3.3", TRAIN, AllowedIf, 'begins with "Llama"'),
    ("llama4", U(region="FR"), NotAllowed, "end users of products are exempt"),
    ("llama4", U(region="US", monthly_users=1), AllowedIf, "Acceptable Use Policy"),
    ("qwen", U(monthly_users=200_000_000), NotAllowed, "100 million"),
    ("qwen", SMALL, Allowed, "use is granted"),
    ("qwen", TRAIN, AllowedIf, "Built with Qwen"),
    ("tongyi-qianwen", TRAIN, NotAllowed, "other large language model"),
    ("tongyi-qianwen", SMALL, Allowed, "granted"),
    ("tongyi-qianwen", U(redistribute=True, monthly_users=1), Unknown, "redistribution"),
    ("qwen-community-1.0", U(), Unknown, "unknown"),
    ("k-exaone", U(), AllowedIf, "agreement with LG"),
    ("k-exaone", U(redistribute=True), AllowedIf, "K-EXAONE"),
    ("hyperclovax-seed", U(monthly_users=20_000_000), NotAllowed, "10 million"),
    ("hyperclovax-seed", SMALL, AllowedIf, "competes with it"),
    ("health-ai-developer-foundations", U(), Unknown, "unknown"),
    ("health-ai-developer-foundations", RESEARCH, Unknown, "unknown"),
    ("apple-amlr", U(), NotAllowed, "no product development"),
    ("apple-amlr", INTERNAL, NotAllowed, "academic"),
    ("apple-amlr", RESEARCH, Allowed, "research"),
    ("fair-noncommercial-research", U(), NotAllowed, "commercial use"),
    ("fair-noncommercial-research", RESEARCH, AllowedIf, "Acceptable Use Policy"),
    ("kanana", U(), Unknown, "unknown"),
    ("deepseek", U(), AllowedIf, "military"),
    ("deepseek", TRAIN, AllowedIf, "distilled"),
    ("bigcode-openrail-m", U(), AllowedIf, "Attachment A"),
    ("bigcode-openrail-m", U(redistribute=True), AllowedIf, "§5.1"),
    ("bigscience-bloom-rail-1.0", U(), Unknown, "unknown"),
    ("kimi-k3", U(), Unknown, "unknown"),
    ("glm-5.3", U(), Unknown, "unknown"),
    ("openmdw-1.0", U(), Allowed, "without restriction"),
    ("openmdw-1.1", TRAIN, Allowed, "without restriction"),
    ("openmdw-1.1", U(redistribute=True), AllowedIf, "notices of origin"),
    ("cc-by-4.0", U(), Allowed, "any purpose"),
    ("cc-by-4.0", U(redistribute=True), AllowedIf, "attribution"),
    ("cc-by-4.0", TRAIN, Unknown, "training on outputs"),
    ("cc-by-sa-4.0", U(redistribute=True), AllowedIf, "same license"),
    ("cc-by-nc-sa-4.0", U(), NotAllowed, "non-commercial"),
    ("cc-by-nc-sa-4.0", INTERNAL, NotAllowed, "non-commercial"),
    ("cc-by-nc-sa-4.0", RESEARCH, Allowed, "granted"),
    ("stabilityai-community", U(annual_revenue_usd=1_000_000), NotAllowed, "USD 1 million"),
    ("llama3", U(), AllowedIf, "March 2024"),
]


@pytest.mark.parametrize(("key", "use", "kind", "text"), LICENSE_CASES)
def test_verdicts_on_licenses_by_name(key: str, use: StatedUse, kind: type, text: str) -> None:
    verdict = license_verdict([key], use, load_catalog().licenses)
    assert isinstance(verdict, kind), verdict
    assert text in " ".join(reasons_of(verdict))


def test_a_fine_tune_of_llama_3_2_vision_carries_its_limit_to_the_eu() -> None:
    catalog = load_catalog()
    assert catalog.base_license("meta-llama/Llama-3.2-11B-Vision-Instruct") == "llama3.2-vision"
    assert catalog.base_license("meta-llama/Llama-3.2-3B") == "llama3.2"


def test_notes_are_shown_and_change_no_verdict() -> None:
    catalog = load_catalog()
    report = license_id_report("apache-2.0", U(), catalog)
    assert isinstance(report.verdict, Allowed)
    assert any("sues over patents" in note for note in report.notes)
    assert any("belong to LG" in note for note in license_id_report("exaone-1.1-nc", U(), catalog).notes)


def test_llama_3_forbids_training_on_outputs_and_3_1_allows_it() -> None:
    licenses = load_catalog().licenses
    assert isinstance(license_verdict(["llama3"], TRAIN, licenses), NotAllowed)
    assert isinstance(license_verdict(["llama3.1"], TRAIN, licenses), AllowedIf)


def test_extra_conditions_never_loosen_the_answer() -> None:
    licenses = load_catalog().licenses
    assert isinstance(license_verdict(["apache-2.0"], U(), licenses), Allowed)
    assert license_verdict(["apache-2.0"], U(), licenses, ["only on Tuesdays"]) == AllowedIf(("only on Tuesdays",))
    assert isinstance(license_verdict(["mrl"], U(), licenses, ["only on Tuesdays"]), NotAllowed)


def test_every_term_names_its_clause_and_source() -> None:
    for key, terms in load_catalog().licenses.items():
        stated = [getattr(terms, name) for name in terms.__struct_fields__]
        found = [t for t in stated if isinstance(t, Term | Policy | Cap | Region)]
        assert all(term.clause and term.text and term.source for term in (*found, *terms.notes)), key
        if found:
            assert len(found) >= 3 or key.startswith("cc-"), key
            assert terms.titles or key == "llama3.2-vision", key
        else:  # its text was not read
            assert terms.notes, key


# Properties

texts = st.text("abc ", min_size=1, max_size=5)
terms = st.none() | st.builds(Term, value=st.sampled_from(["yes", "no", "conditional"]), clause=texts, text=texts)
caps = st.none() | st.builds(Cap, number=st.integers(1, 10**9), clause=texts, text=texts, inclusive=st.booleans())


@st.composite
def licenses(draw: st.DrawFn) -> License:
    values: dict[str, object] = {name: draw(terms) for name in ("attribution", "redistribute", "naming", "train")}
    values |= {name: draw(caps) for name in ("user_cap", "revenue_cap")}
    region = st.builds(Region, blocked=st.just(("EU", "KR")), clause=texts, text=texts)
    policy = st.builds(Policy, clause=texts, text=texts, url=texts)
    values |= {"region": draw(st.none() | region), "acceptable_use": draw(st.none() | policy)}
    uses = sorted(
        draw(st.lists(st.sampled_from(["yes", "conditional", "no"]), min_size=3, max_size=3)),
        key=["yes", "conditional", "no"].index,
    )
    for name, value in zip(("research", "internal", "commercial"), uses, strict=True):
        values[name] = Term(value, "c", "t") if draw(st.booleans()) else None  # type: ignore[arg-type]
    return License(name="N", spdx="N", source="s", osi_approved=draw(st.booleans()), **values)  # type: ignore[arg-type]


uses = st.builds(
    StatedUse,
    purpose=st.sampled_from(["research", "internal", "commercial"]),
    monthly_users=st.integers(0, 2 * 10**9),
    annual_revenue_usd=st.integers(0, 2 * 10**9),
    redistribute=st.booleans(),
    train_on_outputs=st.booleans(),
    osi_required=st.booleans(),
    region=st.sampled_from([None, "US", "DE", "KR"]),
)
_PURPOSES = ["research", "internal", "commercial"]


@st.composite
def wider(draw: st.DrawFn) -> tuple[StatedUse, StatedUse]:
    """A use, and another that asks for at least as much."""
    less = draw(uses)
    more: StatedUse = msgspec.structs.replace(
        less,
        purpose=draw(st.sampled_from(_PURPOSES[_PURPOSES.index(less.purpose) :])),
        monthly_users=(less.monthly_users or 0) + draw(st.integers(0, 10**9)),
        annual_revenue_usd=(less.annual_revenue_usd or 0) + draw(st.integers(0, 10**9)),
        redistribute=less.redistribute or draw(st.booleans()),
        train_on_outputs=less.train_on_outputs or draw(st.booleans()),
        osi_required=less.osi_required or draw(st.booleans()),
    )
    return less, more


def test_a_license_that_forbids_research_forbids_business_too() -> None:
    refusing = License(name="N", spdx="N", source="s", titles=(), osi_approved=True, research=Term("no", "2", "none"))
    assert isinstance(license_verdict(["N"], StatedUse(purpose="internal"), {"N": refusing}), NotAllowed)


@given(st.lists(licenses(), min_size=1, max_size=3), wider())
def test_a_wider_use_never_gets_a_better_answer(made: list[License], pair: tuple[StatedUse, StatedUse]) -> None:
    book = {str(number): terms for number, terms in enumerate(made)}
    less, more = (license_verdict(list(book), use, book) for use in pair)
    assert not (isinstance(less, NotAllowed) and not isinstance(more, NotAllowed))
    assert severity(more) >= severity(less)


@given(wider(), st.sampled_from(sorted(load_catalog().licenses)))
def test_a_wider_use_of_shipped_licenses_never_gets_a_better_answer(
    pair: tuple[StatedUse, StatedUse], key: str
) -> None:
    less, more = (license_verdict([key], use, load_catalog().licenses) for use in pair)
    assert severity(more) >= severity(less)


@given(uses, st.lists(licenses(), max_size=2), st.text(max_size=8))
def test_unknown_is_never_allowed(use: StatedUse, made: list[License], stranger: str) -> None:
    book = {f"known {number}": terms for number, terms in enumerate(made)}
    for verdict in (license_verdict([*book, stranger], use, book), license_verdict([], use, book)):
        assert isinstance(verdict, Unknown | NotAllowed)


@given(uses, licenses(), licenses())
def test_a_second_license_never_loosens_the_answer(use: StatedUse, first: License, second: License) -> None:
    book = {"a": first, "b": second}
    both: Verdict = license_verdict(["a", "b"], use, book)
    assert severity(both) >= severity(license_verdict(["a"], use, book))
    assert severity(both) == severity(license_verdict(["b", "a"], use, book))


def test_a_wider_use_cannot_be_freer_than_a_narrower_one() -> None:
    with pytest.raises(ValueError, match="more freely"):
        License(
            name="N",
            spdx="N",
            source="s",
            osi_approved=False,
            research=Term("no", "c", "t"),
            commercial=Term("yes", "c", "t"),
        )
