"""Names of ARM cores: /proc/cpuinfo has only the numbers of their designer and their type there.

The numbers are those of the Linux kernel (arch/arm64/include/asm/cputype.h) and of the designers' manuals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_DESIGNERS = {
    0x41: "ARM", 0x42: "Broadcom", 0x43: "Cavium", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x4E: "NVIDIA", 0x50: "APM",
    0x51: "Qualcomm", 0x53: "Samsung", 0x56: "Marvell", 0x61: "Apple", 0x69: "Intel", 0x6D: "Microsoft",
    0x70: "Phytium", 0xC0: "Ampere",
}  # fmt: skip
_TYPES = {
    0x41: {
        0xB76: "ARM1176", 0xC05: "Cortex-A5", 0xC07: "Cortex-A7", 0xC08: "Cortex-A8", 0xC09: "Cortex-A9",
        0xC0D: "Cortex-A12", 0xC0E: "Cortex-A17", 0xC0F: "Cortex-A15", 0xD01: "Cortex-A32", 0xD02: "Cortex-A34",
        0xD03: "Cortex-A53", 0xD04: "Cortex-A35", 0xD05: "Cortex-A55", 0xD06: "Cortex-A65", 0xD07: "Cortex-A57",
        0xD08: "Cortex-A72", 0xD09: "Cortex-A73", 0xD0A: "Cortex-A75", 0xD0B: "Cortex-A76", 0xD0C: "Neoverse-N1",
        0xD0D: "Cortex-A77", 0xD0E: "Cortex-A76AE", 0xD40: "Neoverse-V1", 0xD41: "Cortex-A78", 0xD42: "Cortex-A78AE",
        0xD43: "Cortex-A65AE", 0xD44: "Cortex-X1", 0xD46: "Cortex-A510", 0xD47: "Cortex-A710", 0xD48: "Cortex-X2",
        0xD49: "Neoverse-N2", 0xD4A: "Neoverse-E1", 0xD4B: "Cortex-A78C", 0xD4C: "Cortex-X1C", 0xD4D: "Cortex-A715",
        0xD4E: "Cortex-X3", 0xD4F: "Neoverse-V2", 0xD80: "Cortex-A520", 0xD81: "Cortex-A720", 0xD82: "Cortex-X4",
        0xD83: "Neoverse-V3AE", 0xD84: "Neoverse-V3", 0xD85: "Cortex-X925", 0xD87: "Cortex-A725",
        0xD88: "Cortex-A520AE", 0xD89: "Cortex-A720AE", 0xD8A: "C1-Nano", 0xD8B: "C1-Pro", 0xD8C: "C1-Ultra",
        0xD8E: "Neoverse-N3", 0xD8F: "Cortex-A320", 0xD90: "C1-Premium",
    },
    0x42: {0x100: "Brahma-B53", 0x516: "ThunderX2"},
    0x43: {0x0A0: "ThunderX", 0x0A1: "ThunderX", 0x0AF: "ThunderX2", 0x0B8: "ThunderX3"},
    0x46: {0x001: "A64FX", 0x003: "MONAKA"},
    0x48: {0xD01: "Kunpeng 920", 0xD02: "Kunpeng 920B", 0xD40: "Cortex-A76"},
    0x4E: {0x000: "Denver", 0x003: "Denver 2", 0x004: "Carmel", 0x010: "Olympus"},
    0x50: {0x000: "X-Gene"},
    0x51: {
        0x001: "Oryon", 0x002: "Oryon", 0x201: "Kryo", 0x205: "Kryo", 0x211: "Kryo", 0x800: "Kryo 2xx Gold",
        0x801: "Kryo 2xx Silver", 0x802: "Kryo 3xx Gold", 0x803: "Kryo 3xx Silver", 0x804: "Kryo 4xx Gold",
        0x805: "Kryo 4xx Silver", 0xC00: "Falkor", 0xC01: "Saphira",
    },
    0x61: {
        0x020: "Icestorm A14", 0x021: "Firestorm A14", 0x022: "Icestorm M1", 0x023: "Firestorm M1",
        0x024: "Icestorm M1 Pro", 0x025: "Firestorm M1 Pro", 0x028: "Icestorm M1 Max", 0x029: "Firestorm M1 Max",
        0x030: "Blizzard A15", 0x031: "Avalanche A15", 0x032: "Blizzard M2", 0x033: "Avalanche M2",
        0x034: "Blizzard M2 Pro", 0x035: "Avalanche M2 Pro", 0x038: "Blizzard M2 Max", 0x039: "Avalanche M2 Max",
    },
    0x6D: {0xD49: "Cobalt 100"},
    0x70: {0x303: "FTC310", 0x660: "FTC660", 0x661: "FTC661", 0x662: "FTC662", 0x663: "FTC663", 0x664: "FTC664",
           0x862: "FTC862"},
    0xC0: {0xAC3: "Ampere-1", 0xAC4: "Ampere-1A", 0xAC5: "Ampere-1B"},
}  # fmt: skip


def arm_name(cores: Iterable[Mapping[str, str]]) -> str:
    """The name of a processor, such as ``ARM Cortex-X925 + Cortex-A725``; empty where the numbers are not stated.

    ``cores`` are the paragraphs of /proc/cpuinfo, one a core. A type that is not in the table is shown as its number:
    ``ARM 0xfff``.
    """
    found: dict[str, list[str]] = {}
    for core in cores:
        designer, part = _number(core.get("CPU implementer", "")), _number(core.get("CPU part", ""))
        if designer is None:
            continue
        types = found.setdefault(_DESIGNERS.get(designer, f"ARM designer 0x{designer:02x}"), [])
        if part is not None:
            name = _TYPES.get(designer, {}).get(part, f"0x{part:03x}")
            if name not in types:
                types.append(name)
    # The last cores are the fastest in most systems.
    return ", ".join(f"{designer} {' + '.join(reversed(types))}".strip() for designer, types in found.items())


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
