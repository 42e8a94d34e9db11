"""Short contracts of numbered clauses, and one detail to extract word for word, or "none".

Level 1 has two or three clauses; 2 five; 3 eight, and the detail may be missing; 4 ten in legal wording, some close to
the one asked about; 5 ends with an amendment that replaces a clause, or asks for a value that one clause takes from
another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from ..items import GenerateItem
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks
from .names import MONTHS, TOWNS

NONE = "none"

_FIRMS = tuple(
    f"{name} {form}"
    for name, form in zip(
        ("Alder Foods", "Bluestone Logistics", "Cedar Analytics", "Dunmore Textiles", "Eastgate Energy",
         "Fernhill Labs",
         "Greyfield Motors", "Harbour Print", "Ironwood Tools", "Juniper Media", "Kestrel Air", "Larkspur Homes",
         "Millbrook Dairy", "Northgate Steel", "Oakridge Software", "Pinecrest Hotels", "Quayside Shipping",
         "Redwood Glass", "Silverlake Water", "Thornbury Paper"),
        ("Ltd", "GmbH", "LLC", "B.V.", "Inc.") * 4,
        strict=True,
    )
)  # fmt: skip
_KINDS = (
    ("Lease", "Landlord", "Tenant"), ("Supply Agreement", "Supplier", "Customer"), ("Licence", "Licensor", "Licensee"),
    ("Service Agreement", "Provider", "Client"), ("Loan Agreement", "Lender", "Borrower"),
    ("Consultancy Agreement", "Consultant", "Company"), ("Franchise Agreement", "Franchisor", "Franchisee"),
)  # fmt: skip
_LAWS = ("Germany", "Ireland", "the Netherlands", "Spain", "New York", "England and Wales", "Denmark",
         "Portugal", "Austria", "Delaware", "Belgium", "Finland")  # fmt: skip
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "nine": 9, "ten": 10, "twelve": 12}


def _date(rng: random.Random) -> str:
    return f"{rng.randrange(1, 29)} {rng.choice(MONTHS)} {rng.randrange(2015, 2031)}"


def _money(rng: random.Random) -> str:
    return f"{rng.choice(('EUR', 'USD', 'GBP', 'CHF'))} {rng.randrange(12, 980) * 100:,}"


def _years(rng: random.Random) -> str:
    return f"{rng.choice(list(_NUMBERS))} years"


def _days(rng: random.Random) -> str:
    return f"{rng.choice((7, 10, 14, 20, 21, 28, 30, 45, 60, 75, 90, 120))} days"


def _percent(rng: random.Random) -> str:
    return f"{rng.randrange(2, 14)} percent"


class _Field(NamedTuple):
    """A detail of a contract: the question, values, and clauses in plain and in legal wording."""

    question: str
    value: Callable[[random.Random], str]
    plain: tuple[str, ...]
    roundabout: tuple[str, ...]


_FIELDS = {
    "signed": _Field(
        "On which date was the contract signed?", _date,
        ("This contract was signed on {v}.", "The parties signed this contract on {v}."),
        ("In witness whereof the parties have put their hands to this instrument on {v}.",
         "Executed by the duly authorised officers of both sides on {v}."),
    ),
    "start": _Field(
        "On which date does the contract start?", _date,
        ("The contract starts on {v}.", "This contract takes effect on {v}."),
        ("The rights and duties set out herein shall arise on {v} and not before.",
         "Irrespective of the day of signature, this instrument shall become operative on {v}."),
    ),
    "term": _Field(
        "How long does the contract run?", _years,
        ("The contract runs for {v}.", "This contract has a term of {v}."),
        ("Unless ended earlier, this instrument shall remain in force for a period of {v} from its beginning.",
         "The relationship hereby created shall lapse of itself upon the expiry of {v}."),
    ),
    "notice": _Field(
        "How many days' notice must be given to end the contract?", _days,
        ("Either party may end this contract with {v} notice.", "The notice period is {v}."),
        ("Either side may withdraw at will, provided that the other has been told in writing at least {v} beforehand.",
         "A declaration that the relationship is to cease shall have effect upon the passing of {v} from its receipt."),
    ),
    "fee": _Field(
        "How much does the {payer} pay each year?", _money,
        ("The {payer} pays {v} each year.", "The yearly payment of the {payer} is {v}."),
        ("In consideration of the foregoing the {payer} shall remit {v} per annum.",
         "The annual remuneration owed by the {payer} has been settled between the parties at {v}."),
    ),
    "due": _Field(
        "Within how many days must an invoice be paid?", _days,
        ("Invoices must be paid within {v}.", "Payment is due {v} after the invoice."),
        ("Sums invoiced shall fall due upon the lapse of {v} from receipt of the invoice.",
         "No invoice shall remain unsettled for longer than {v}."),
    ),
    "interest": _Field(
        "What yearly interest is owed on late payments?", _percent,
        ("Late payments bear interest of {v} a year.", "The interest on late payments is {v} a year."),
        ("Whatever is not paid when due shall be increased by {v} per annum until settled.",
         "A debtor in default shall owe, on top of the principal, {v} per annum thereof."),
    ),
    "cap": _Field(
        "To which amount is liability limited?", _money,
        ("Liability is limited to {v}.", "No party is liable for more than {v}."),
        ("The aggregate of all claims for damages against either side shall in no event exceed {v}.",
         "Neither side shall answer for loss of any kind beyond {v}."),
    ),
    "secrecy": _Field(
        "For how long after its end does the duty of confidentiality last?", _years,
        ("The duty of confidentiality lasts for {v} after the end of the contract.",
         "Confidential information stays secret for {v} after the contract ends."),
        ("What has been learned of the other's affairs shall not be divulged until {v} have gone by since termination.",
         "The obligation to keep silent survives the end of this instrument by {v}."),
    ),
    "law": _Field(
        "Which law governs the contract? Name the country or state.", lambda rng: rng.choice(_LAWS),
        ("This contract is governed by the law of {v}.", "The law of {v} applies to this contract."),
        ("All questions of construction and validity shall be answered in accordance with the statutes of {v}.",
         "The parties submit the interpretation hereof to the legal order of {v}, conflict rules excluded."),
    ),
    "court": _Field(
        "The courts of which city decide disputes?", lambda rng: rng.choice(TOWNS),
        ("The courts of {v} decide disputes.", "Disputes are brought before the courts of {v}."),
        ("Any controversy that cannot be settled amicably shall be laid before the judges sitting in {v}.",
         "The exclusive forum for all suits hereunder shall be {v}."),
    ),
    "deposit": _Field(
        "How much is the deposit?", _money,
        ("The {payer} leaves a deposit of {v}.", "A deposit of {v} is paid at the start."),
        ("As security for its obligations the {payer} shall lodge {v}, to be returned at the end.",
         "A sum of {v} shall be held by way of guarantee until all claims are met."),
    ),
}  # fmt: skip
_FILLERS = (
    "Changes to this contract must be made in writing.",
    "If one clause is void, the others stay in force.",
    "Neither party may transfer its rights without the consent of the other.",
    "Headings are for convenience only.",
    "This contract is the whole agreement between the parties.",
    "No party is responsible for delays caused by events beyond its control.",
)


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    plain: Sequence[TaskMaker] = [partial(_plain, n_fields=n, none_share=share) for n, share in _LEVELS]
    makers: list[list[TaskMaker]] = [[maker] for maker in plain]
    return draw_tasks("contract-clauses", seed, [*makers, [_roundabout], [_amended, _borrowed, _amended_other]])


_LEVELS = ((2, 0.0), (5, 0.0), (7, 0.25))
"""For levels 1 to 3: the number of details in the contract, and how often a missing one is asked."""


def _answer(prompt: str, value: str) -> Task:
    """Other correct answers: numbers without their unit, and small numbers in digits."""
    number, _, unit = value.partition(" ")
    also: tuple[str, ...] = ()
    if unit in ("days", "percent"):
        also = (number,)
    elif unit == "years":
        digits = str(_NUMBERS[number])
        also = (number, digits, f"{digits} years")
    elif unit and number.isupper():
        also = (unit,)
    return Task(prompt, value, also=also)


class _Contract(NamedTuple):
    title: str
    payee: str
    payer: str
    firms: tuple[str, str]
    """Names of the payee and the payer."""

    def opening(self) -> str:
        return (
            f"{self.title.upper()} between {self.firms[0]} (the {self.payee}) and {self.firms[1]} (the {self.payer})."
        )

    def write(self, clauses: Sequence[str], question: str) -> str:
        lines = [f"{number}. {clause}" for number, clause in enumerate(clauses, 1)]
        return "\n".join([self.opening(), *lines, "", f"Question: {question}"])


def _contract(rng: random.Random) -> _Contract:
    one, two = rng.sample(_FIRMS, 2)
    return _Contract(*rng.choice(_KINDS), (one, two))


def _values(rng: random.Random, names: Sequence[str]) -> dict[str, str]:
    """A value per field, all different even without their currency, so that an answer points to one clause."""
    values: dict[str, str] = {}
    for name in names:
        values[name] = _new_value(rng, name, values)
    return values


def _new_value(rng: random.Random, name: str, taken: dict[str, str]) -> str:
    used = {value.removeprefix(value[:3]) if value[:3].isupper() else value for value in taken.values()}
    while True:
        value = _FIELDS[name].value(rng)
        if (value.removeprefix(value[:3]) if value[:3].isupper() else value) not in used:
            return value


def _plain(rng: random.Random, n_fields: int, none_share: float) -> Task:
    contract = _contract(rng)
    names = rng.sample(list(_FIELDS), n_fields + 1)
    missing, names = names[0], names[1:]
    values = _values(rng, names)
    clauses = [rng.choice(_FIELDS[name].plain).format(v=values[name], payer=contract.payer) for name in names]
    if n_fields > 5:
        clauses.insert(rng.randrange(len(clauses)), rng.choice(_FILLERS))
    if rng.random() < 0.2:
        role, firm = rng.choice(((contract.payee, contract.firms[0]), (contract.payer, contract.firms[1])))
        return _answer(contract.write(clauses, f"Which party is the {role}?"), firm)
    asked = missing if rng.random() < none_share else rng.choice(names)
    question = _FIELDS[asked].question.format(payer=contract.payer)
    return _answer(contract.write(clauses, question), values.get(asked, NONE))


def _clauses(rng: random.Random, contract: _Contract, names: Sequence[str], values: dict[str, str]) -> list[str]:
    clauses = [rng.choice(_FIELDS[name].roundabout).format(v=values[name], payer=contract.payer) for name in names]
    for filler in rng.sample(_FILLERS, 2):
        clauses.insert(rng.randrange(len(clauses)), filler)
    return clauses


def _roundabout(rng: random.Random) -> Task:
    contract = _contract(rng)
    names = rng.sample(list(_FIELDS), 9)
    missing, names = names[0], names[1:]
    values = _values(rng, names)
    asked = missing if rng.random() < 0.25 else rng.choice(names)
    question = _FIELDS[asked].question.format(payer=contract.payer)
    return _answer(contract.write(_clauses(rng, contract, names, values), question), values.get(asked, NONE))


def _amended(rng: random.Random, about_asked: bool = True) -> Task:
    """A later clause replaces the value in an earlier one, which may or may not be the one asked about."""
    contract = _contract(rng)
    names = rng.sample(list(_FIELDS), 8)
    values = _values(rng, names)
    clauses = _clauses(rng, contract, names, values)
    changed, other = rng.sample(names, 2)
    number = 1 + next(i for i, clause in enumerate(clauses) if values[changed] in clause)
    later = _new_value(rng, changed, values)
    clauses.append(rng.choice((
        f"By way of amendment, the words \"{values[changed]}\" in clause {number} are replaced by \"{later}\".",
        f"Clause {number} is amended with effect from its beginning: for {values[changed]} read {later}.",
    )))  # fmt: skip
    asked = changed if about_asked else other
    question = _FIELDS[asked].question.format(payer=contract.payer)
    return _answer(contract.write(clauses, question), later if about_asked else values[asked])


def _amended_other(rng: random.Random) -> Task:
    return _amended(rng, about_asked=False)


_BORROWED = (
    ("due", "What the {payer} is owed back shall be refunded within the same number of days as clause {n} has it.",
     "Within how many days must the {payer} get a refund?"),
    ("notice", "Faults shall be made good within the period that clause {n} lays down.",
     "Within how many days must faults be made good?"),
    ("cap", "The {payee} shall insure itself for no less than the sum named in clause {n}.",
     "For at least which amount must the {payee} be insured?"),
    ("term", "For a time equal to that of clause {n}, the {payee} shall not compete with the {payer}.",
     "For how long must the {payee} not compete with the {payer}?"),
    ("secrecy", "Records shall be kept for as long as clause {n} provides.", "For how long must records be kept?"),
    ("deposit",
     "Whoever breaks off the contract without reason owes a penalty of the same height as the sum in clause {n}.",
     "How high is the penalty for breaking off the contract without reason?"),
)  # fmt: skip


def _borrowed(rng: random.Random) -> Task:
    """The clause asked about refers to another clause for its value."""
    contract = _contract(rng)
    source, clause, question = rng.choice(_BORROWED)
    names = [source, *rng.sample([name for name in _FIELDS if name != source], 7)]
    rng.shuffle(names)
    values = _values(rng, names)
    clauses = _clauses(rng, contract, names, values)
    number = 1 + next(i for i, text in enumerate(clauses) if values[source] in text)
    clauses.append(clause.format(n=number, payer=contract.payer, payee=contract.payee))
    return _answer(contract.write(clauses, question.format(payer=contract.payer, payee=contract.payee)), values[source])
