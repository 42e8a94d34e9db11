"""Runs inside the sandboxed process. Imports only the standard library, because nothing else can be reached there."""
