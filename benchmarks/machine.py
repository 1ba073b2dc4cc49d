"""The line that every figure needs beside it: processor, threads, versions."""

from __future__ import annotations

import argparse
import os
import platform
from importlib import metadata
from pathlib import Path

import torch


def show(options: argparse.Namespace) -> None:
    versions = [f"{name} {metadata.version(name)}" for name in ("torch", "torchvision")]
    threads = f"{torch.get_num_threads()} threads of {os.cpu_count()} cores"
    system = f"{platform.system()} {platform.machine()}"
    print(f"Machine: {processor()}, {threads}, {system}, Python {platform.python_version()}, {', '.join(versions)}")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5:
        print(f"  Other work is running (load {os.getloadavg()[0]:.1f}): times will be too long, ratios less exact.")


def processor() -> str:
    """The processor's name as its maker gives it, where the system says it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
