"""The only place that imports llama_cpp: a small typed layer over its low-level API.

Nothing is imported here, because loading the library takes a third of a second and prints.
"""
