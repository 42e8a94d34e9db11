"""Suites from the user's own data: files, hub data sets, columns, previews."""
