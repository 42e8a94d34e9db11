"""Suites: what is asked of the models, and how an answer is scored. Knows no model and no process."""
