"""Asking items again: one module per kind of question, each exporting one ``ConsistencyKind``; ``kinds`` lists them."""
