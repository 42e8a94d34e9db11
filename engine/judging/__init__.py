"""From answers to words: figures of a candidate, comparisons, what ranks and why."""
