"""Runs code that a model wrote: no network, no other processes, one temporary folder, hard limits. Or does not run it.

Works on Linux on x86_64 and aarch64 with bubblewrap, namespaces or Landlock, always under a seccomp filter. It does not
protect against kernel bugs and side channels. With Landlock alone, code can see the names and sizes of files outside,
but not their contents.
"""
