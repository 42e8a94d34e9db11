"""A small typed layer over llama_cpp's low-level API. Nothing else imports llama_cpp.

This module imports nothing, because loading the library takes a third of a second and prints.
"""
