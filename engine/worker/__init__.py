"""The process that holds one model: ``python -m weighin.engine.worker``, JSON lines in and out.

It knows no runs, stores or screens: a command carries everything it needs, a report everything it found.
"""
