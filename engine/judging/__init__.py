"""From stored events to a verdict.

``summary`` computes figures, ``comparison`` tests them against each other, ``findings`` decides who is ruled out and
who wins, ``wording`` puts that into sentences, and ``verdict`` makes one event of it, with warnings.
"""
