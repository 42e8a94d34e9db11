"""From answers to a verdict: figures for each candidate, comparisons, and the reasons in words."""
