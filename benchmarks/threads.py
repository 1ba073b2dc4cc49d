"""Training beside busy processes, one for each core: threads that spin while they wait, and threads that sleep."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

POLICIES = {"as torch does by itself": "", "as start.py sets it": "PASSIVE"}
BUSY = "while True: pass"
TRAIN = """
import time, torch, vae_lib
x = torch.rand({pictures}, 784, generator=torch.Generator().manual_seed(0))
model = vae_lib.VAE(n_pixels=784, latent_dim=20, hidden=(400,))
begun = time.perf_counter()
vae_lib.fit(model, x, vae_lib.TrainConfig(epochs=1))
print(time.perf_counter() - begun)
"""


def show(options: argparse.Namespace) -> None:
    cores = os.cpu_count() or 1
    print(f"An epoch of {options.pictures // 10:,} pictures alone, and beside {cores} busy processes; medians")
    taken = {name: {busy: [] for busy in (0, cores)} for name in POLICIES}
    for _ in range(min(options.repeats, 3)):
        for name, policy in POLICIES.items():
            for busy in (0, cores):
                taken[name][busy].append(seconds(policy, busy, options.pictures // 10))
    for name, spent in taken.items():
        alone, beside = (statistics.median(spent[busy]) for busy in (0, cores))
        print(f"  {name:<26} {alone:6.2f} s alone, {beside:6.2f} s beside them")


def seconds(policy: str, busy: int, pictures: int) -> float:
    """Of an epoch, in a process of its own with this OMP_WAIT_POLICY ("": none), beside `busy` others."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OMP_")}
    environment |= {"OMP_WAIT_POLICY": policy} if policy else {}
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(busy)]
    try:
        time.sleep(0.2 if busy else 0)
        code = TRAIN.format(pictures=pictures)
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return float(done.stdout)
    finally:
        for other in others:
            other.kill()
            other.wait()
