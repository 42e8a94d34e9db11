"""The process that holds one model: ``python -m weighin.engine.worker``, JSON lines in and out.

It knows nothing of runs, stores or screens: a command carries all it needs, a report all it found.
"""
