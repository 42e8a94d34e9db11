"""Names that the generators write texts with."""

from __future__ import annotations

import random

PEOPLE = (
    "Amara Diallo", "Ben Carter", "Chiara Russo", "Dmitri Volkov", "Elif Kaya", "Finn Murphy", "Greta Lind",
    "Hugo Martin", "Isla Grant", "Jakub Zielinski", "Kofi Mensah", "Leila Nasser", "Mateo Rojas", "Noor Hassan",
    "Olga Marek", "Priya Nair", "Quentin Dubois", "Rosa Vidal", "Stefan Kraus", "Thandi Nkosi", "Ulla Berg",
    "Victor Hale", "Wei Zhang", "Yara Costa",
)  # fmt: skip
TOWNS = (
    "Aveiro", "Basel", "Cork", "Dresden", "Evora", "Freiburg", "Genoa", "Halmstad", "Innsbruck", "Jena", "Kaunas",
    "Lucca", "Maribor", "Nantes", "Odense", "Plzen", "Rennes", "Siena", "Trieste", "Utrecht", "Vigo", "Wels",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def first_name(rng: random.Random) -> str:
    """A given name."""
    return rng.choice(PEOPLE).split()[0]
