"""Where a model's code runs, or not at all: no network, no other processes, one temporary folder, hard limits.

Covered are Linux on x86_64 and aarch64, by bubblewrap, by namespaces, or by Landlock; all of them under one seccomp
filter. Not covered: faults of the kernel, side channels, and, where only Landlock is there, the names and sizes of
files outside (their contents are closed).
"""
