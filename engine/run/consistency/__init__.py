"""Asking items again: a module per kind of question, each exporting a ``ConsistencyKind``; ``questions`` lists them."""
