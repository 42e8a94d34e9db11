"""Suites from task files of lm-evaluation-harness."""
