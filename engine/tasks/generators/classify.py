"""Short texts to sort into one of four classes, by criteria that the prompt states.

Level 1 sorts by topic or feeling; 2 by intent, or by sentiment with criteria; 3 by priority when the tone misleads, or
by the final intent after a first one is dropped; 4 by two conditions together, or by the opinion on one of several
things; 5 by rules with limits, sums, dates and exceptions (``classify_rules``). The class is drawn first and the text
written from it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial

from ..items import ChoiceItem
from .classify_rules import by_aspect, by_expense_rules, by_return_rules, by_two_conditions
from .graded import DEFAULT_SEED, PER_LEVEL, Question, draw_questions

_TOPICS = {
    "sport": (
        "The goalkeeper stopped {n} shots before half-time.", "She won the final in {n} minutes and lifted the cup.",
        "The coach took two players off the pitch in minute {n}.",
        "He ran the marathon with number {n} on his shirt.",
    ),
    "weather": (
        "Rain is expected until noon, then clear skies and {n} degrees.", "A storm with gusts of {n} knots comes in.",
        "Fog in the valleys, sunshine above, at most {n} degrees.", "Snow fell for {n} hours and then it froze.",
    ),
    "cooking": (
        "Stir the onions in butter for {n} minutes, then add the stock.",
        "Bake the dough for {n} minutes until golden.",
        "Peel {n} potatoes and boil them in salted water.", "Let the soup simmer for {n} minutes and add pepper.",
    ),
    "money": (
        "The bank raised its interest and savers get {n} euros more.",
        "Shares of the company fell by {n} cents today.",
        "He paid back the loan in {n} instalments.", "The budget has a gap of {n} thousand euros before taxes.",
    ),
    "health": (
        "The doctor prescribed {n} tablets against the fever.", "The nurse measured her pulse for {n} seconds.",
        "After {n} days in hospital the wound had healed.", "The patient has had a cough for {n} days.",
    ),
    "music": (
        "The orchestra rehearsed the symphony {n} times.", "He tuned his guitar and sang {n} songs.",
        "Her new album has {n} tracks, most with piano.", "The choir sang for {n} minutes without a break.",
    ),
    "travel": (
        "Our flight landed {n} minutes late and the hotel was full.", "They packed {n} suitcases for the holiday.",
        "The tourists got off the ferry at pier {n}.", "She booked a train to the coast and a room for {n} nights.",
    ),
    "school": (
        "The teacher gave the pupils {n} exercises as homework.", "In the exam {n} students passed.",
        "The class wrote a dictation of {n} words.", "The headmaster greeted {n} new pupils in the classroom.",
    ),
}  # fmt: skip
_FEELINGS = {
    "joy": (
        "I got the job! I could dance through the whole {place}!",
        "What a wonderful day in the {place}, I can't stop smiling.",
        "My sister is back from abroad and we laughed all evening in the {place}.",
        "We won! I hugged everyone in the {place}.",
    ),
    "anger": (
        "How dare they lie to me again in the {place}! I have had enough!",
        "He scratched my car by the {place} and I am furious.",
        "Third time they cheated me in the {place}. It makes me boil!",
        "Stop shouting at me in the {place}, this is an outrage!",
    ),
    "fear": (
        "Someone is following me through the {place}, my hands tremble.",
        "I heard steps in the dark {place} and dared not breathe.",
        "I am terrified of going back to the {place} alone.",
        "My heart is racing, the {place} is on fire and I am scared.",
    ),
    "sadness": (
        "Since my dog died the {place} feels empty and I cry a lot.",
        "I miss her so much whenever I pass the {place}.",
        "She left without a goodbye, and I wept in the {place}.",
        "Grandfather's chair in the {place} is empty for ever. I mourn him.",
    ),
}  # fmt: skip
_SPOTS = ("kitchen", "office", "garden", "station", "library", "market", "hall", "school", "theatre", "park", "shop")

_INTENTS = {
    "refund": (
        "I want my {n} euros back.", "Please return the money for order {n}.",
        "When do I get back what I paid for order {n}?",
    ),
    "cancellation": (
        "Please end my contract {n} as soon as possible.", "I no longer want to be a member, number {n}.",
        "Stop my subscription {n} at the end of the month.",
    ),
    "delivery": (
        "Where is my parcel {n}?", "Order {n} has still not arrived.",
        "On which day will number {n} reach my house?",
    ),
    "login": (
        "I have forgotten my password, my user number is {n}.", "My account {n} says that it is locked.",
        "The code to sign in to account {n} does not come.",
    ),
    "address": (
        "We have moved, please note our new street for customer {n}.",
        "I now live in another town, customer number {n}.",
        "Please send letters for customer {n} to my new flat.",
    ),
    "complaint": (
        "Your man on the telephone was rude to me, case {n}.", "I was treated badly at your counter {n}.",
        "The driver of van {n} shouted at my neighbour.",
    ),
}  # fmt: skip
_PRAISE = (
    "The {thing} is excellent.", "I love the {thing}.", "The {thing} works perfectly.",
    "I am delighted with the {thing}.",
)  # fmt: skip
_BLAME = (
    "The {thing} is terrible.", "I hate the {thing}.", "The {thing} broke at once.",
    "I am disappointed by the {thing}.",
)  # fmt: skip
_PLAIN = (
    "The {thing} is grey.", "The {thing} came on Tuesday.", "The {thing} is made of plastic.",
    "I use the {thing} at work.",
)  # fmt: skip
_THINGS = ("handle", "display", "lid", "cable", "manual", "battery", "keyboard", "bag", "lens", "charger", "case")

_PRIORITIES = {
    "critical": (
        "Nobody in the company can work: {cause}.", "All of us are idle because {cause}.",
        "Work has stopped in every department, since {cause}.",
    ),
    "high": (
        "Nobody in the {team} team can work: {cause}. The other teams are fine.",
        "The whole {team} team is idle because {cause}; the rest of the company works as usual.",
    ),
    "medium": (
        "I cannot work because {cause}. My colleagues can.", "Only {name} from {team} is unable to work: {cause}.",
    ),
    "low": (
        "We can all work, but it is a nuisance: {cause}.", "No one is held up, yet {cause}.",
    ),
}  # fmt: skip
_CAUSES = (
    "the mail does not open", "the printer driver is missing", "the database gives no answer",
    "the screens stay black",
    "the door to the files is locked", "the login page shows an error", "the network is down", "the program crashes",
)  # fmt: skip
_TEAMS = ("sales", "legal", "design", "finance", "support")
_NAMES = ("Ada", "Boris", "Celia", "Duncan", "Esra", "Felix", "Gina", "Henrik")
_TONES = (
    "URGENT!!! ", "Please hurry, this is a catastrophe! ", "No rush at all. ", "When you have a minute: ", "Help!!! ",
    "Just so that you know: ", "Hello, ", "",
)  # fmt: skip


def make_items(seed: int = DEFAULT_SEED) -> tuple[ChoiceItem, ...]:
    """The suite's items for ``seed``, always the same: 30 per level."""
    # The classes take turns, so each is correct equally often.
    makers = [[partial(make, turn=turn) for turn in range(PER_LEVEL // 2) for make in pair] for pair in _MAKERS]
    return draw_questions("classify", seed, makers)


def _pick(rng: random.Random, turn: int, classes: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], str]:
    """Four classes with the correct one first, and a text for it."""
    right = list(classes)[turn % len(classes)]
    others = rng.sample([label for label in classes if label != right], 3)
    return (right, *others), rng.choice(classes[right])


def _by_topic(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _TOPICS)
    return Question(f"Which topic is the text about? Choose from: {{choices}}.\nText: {_fill(rng, text)}", labels)


def _by_feeling(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _FEELINGS)
    return Question(f"Which feeling does the writer show? Choose from: {{choices}}.\nText: {_fill(rng, text)}", labels)


def _by_intent(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _INTENTS)
    asked = "What is the customer's message about? Choose from: {choices}."
    return Question(f"{asked}\nMessage: {_fill(rng, text)}", labels)


def _by_last_intent(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _INTENTS)
    first = _fill(rng, rng.choice(_INTENTS[labels[1]]))
    opening = rng.choice((
        "I wrote to you last week: \"{}\" That is settled. Today it is something else. ",
        "Forget my last message (\"{}\"), it has been dealt with. ",
        "Your colleague already took care of this one: \"{}\" But now: ",
    ))  # fmt: skip
    asked = "What does the customer want now? Choose from: {choices}."
    return Question(f"{asked}\nMessage: {opening.format(first)}{_fill(rng, text)}", labels)


def _by_sentiment(rng: random.Random, *, turn: int) -> Question:
    labels = ("positive", "negative", "mixed", "neutral")
    right = labels[turn % 4]
    things = rng.sample(_THINGS, 3)
    # Two or three sentences, at least one of each kind that the class needs.
    needed = {"positive": [_PRAISE], "negative": [_BLAME], "mixed": [_PRAISE, _BLAME], "neutral": [_PLAIN]}[right]
    sorts = [*needed, *[_PLAIN] * (2 if right == "neutral" else 1)]
    rng.shuffle(sorts)
    text = " ".join(rng.choice(sort).format(thing=thing) for sort, thing in zip(sorts, things, strict=False))
    asked = (
        "Classify the review. positive: there is praise and no complaint. negative: there is a complaint and no "
        "praise. mixed: there are both. neutral: there is neither. Choose from: {choices}."
    )
    return Question(f"{asked}\nReview: {text}", (right, *[label for label in labels if label != right]))


def _by_priority(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _PRIORITIES)
    asked = (
        "Which priority has the message? critical: nobody in the company can work. high: one team cannot work. "
        "medium: one person cannot work. low: everybody can work. The tone does not matter. Choose from: {choices}."
    )
    return Question(f"{asked}\nMessage: {rng.choice(_TONES)}{_fill(rng, text)}", labels)


def _fill(rng: random.Random, text: str) -> str:
    return text.format(
        n=rng.randrange(12, 90),
        place=rng.choice(_SPOTS),
        cause=rng.choice(_CAUSES),
        team=rng.choice(_TEAMS),
        name=rng.choice(_NAMES),
    )


_MAKERS = (
    (_by_topic, _by_feeling),
    (_by_intent, _by_sentiment),
    (_by_priority, _by_last_intent),
    (by_two_conditions, by_aspect),
    (by_expense_rules, by_return_rules),
)
