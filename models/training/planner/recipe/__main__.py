"""Rows, training, the adapter."""

import argparse
import json
import os
import random
import time
from pathlib import Path

import torch

from . import collect, data, network, scenes, train


def options():
    parser = argparse.ArgumentParser(prog="models/training/planner/make")
    parser.add_argument("--data", required=True, help="the folder with train/, authored/ and registries/")
    parser.add_argument("--own", required=True, help="the folder of authored files over the tools that come with Hark")
    parser.add_argument("--own-registries", required=True, help="the folder of those tools' registries")
    parser.add_argument("--own-share", type=float, help="so much of the scenes is around those commands")
    parser.add_argument("--onward", help="an adapter to go on from")
    parser.add_argument("--base", required=True, help="SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--work", required=True)
    parser.add_argument("--minutes", type=float, default=240)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--try-rates", default="", help="first try these for a short while, and take the best")
    parser.add_argument("--try-seconds", type=float, default=25)
    parser.add_argument("--positions", type=int, default=0, help="tokens in a batch")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--scenes", type=int, default=0, help="so many at most")
    parser.add_argument("--commands", type=int, default=5, help="of a scene; more are cheaper, fewer are more varied")
    parser.add_argument("--held", type=int, default=400, help="scenes of each kind that it is judged by")
    parser.add_argument("--fillings", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def main():
    chosen, begun = options(), time.monotonic()
    work = Path(chosen.work)
    work.mkdir(parents=True, exist_ok=True)
    workers = os.cpu_count()
    found = collect.pool(chosen.data, chosen.own, chosen.own_registries, chosen.fillings, chosen.seed)
    dice = random.Random(chosen.seed)
    seeds = collect.seeds(found, dice, chosen.scenes or None, chosen.own_share)
    packed = data.pack(scenes.Maker(found, chosen.commands), chosen.base, seeds, chosen.seed, workers)
    held = {name: data.pack(scenes.Maker(one), chosen.base, collect.seeds(one, dice)[: chosen.held], 1, workers) for name, one in collect.held_back(chosen.data).items()}
    print(f"{len(packed)} scenes, {len(packed.tokens)} tokens, {int(packed.learned.sum())} of answers, after {time.monotonic() - begun:.0f} s", flush=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    positions = chosen.positions or (49_152 if device == "cuda" else 3_072)
    torch.manual_seed(chosen.seed)
    rate = chosen.rate
    if chosen.try_rates:
        found_losses = {}
        for one in map(float, chosen.try_rates.split(",")):
            net = network.Network(chosen.base, chosen.rank, device=device).to(device)
            found_losses[one] = train.run(net, packed, chosen.try_seconds, one, positions, device)
        print(found_losses, flush=True)
        rate = min(found_losses, key=lambda one: found_losses[one][0])
    net = network.Network(chosen.base, chosen.rank, device=device)
    if chosen.onward:
        network.load(net, chosen.onward)
    net.to(device)
    left = chosen.minutes * 60 - (time.monotonic() - begun)
    print(f"training for {left:.0f} s at {rate}", flush=True)
    checks = list(held.items())
    train.run(net, packed, left, rate, positions, device, work / "train.jsonl", 40.0 if device == "cuda" else 600.0, checks)
    path = work / "adapter.f16.gguf"
    network.export(net, path, "Plans tool calls for Hark")
    print(f"{path}: {path.stat().st_size} bytes (20,000,000 at most)")
    result = {name: train.judge(net, one, device, positions) for name, one in held.items()}
    (work / "result.json").write_text(json.dumps({"rate": rate, "held": result}))
    print(result)


main()
