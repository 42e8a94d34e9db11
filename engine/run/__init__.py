"""How a run goes through its candidates: rounds, the race, visits to workers, resuming."""
