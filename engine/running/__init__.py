"""How a session goes through its candidates: rounds, races, visits to workers, waiting for quiet."""
