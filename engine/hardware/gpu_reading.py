"""What is known about one GPU."""

from __future__ import annotations

import msgspec


class GpuReading(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU, or one slice of a GPU that is divided (MIG). None means unknown."""

    name: str
    vendor: str
    memory_total_bytes: int | None = None
    memory_free_bytes: int | None = None
    shared_memory: bool = False
    """Whether it has no memory of its own and uses the machine's, so that both figures are the machine's."""
    driver: str | None = None
    compute_capability: str | None = None
    bandwidth_bytes_per_second: float | None = None
    """Theoretical, from bus width and memory clock; None for a slice."""
    mig: bool | None = None
    """Whether the GPU is divided into slices."""
    pci_id: str | None = None
