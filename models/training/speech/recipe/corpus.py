"""Spoken texts on disk: in shards of raw samples with a list beside them, each made whole or not at all."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import voices

SHARD = 500


@dataclass
class Clip:
    text: str
    voice: str
    samples: np.ndarray  # int16, 16 kHz, on disk until it is used


def write(folder, name, clips):
    """`clips`: text, samples, voice."""
    sound, listing, offset = folder / f"{name}.pcm.part", [], 0
    with open(sound, "wb") as file:
        for text, samples, voice in clips:
            samples = voices.trimmed(samples)
            if samples is not None:
                file.write(samples.astype("<i2").tobytes())
                listing.append(json.dumps([text, offset, len(samples), voice]))
                offset += len(samples)
    os.replace(sound, folder / f"{name}.pcm")
    # The list comes last: a shard that has one is whole.
    part = folder / f"{name}.jsonl.part"
    part.write_text("".join(line + "\n" for line in listing))
    os.replace(part, folder / f"{name}.jsonl")


def _say(folder, number, texts, seed):
    write(folder, f"{number:05}", voices.say_all(texts, seed * 100_003 + number))
    return number


def say(folder, texts, seed, workers):
    """Says what was not said yet."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = [(number, texts[at : at + SHARD]) for number, at in enumerate(range(0, len(texts), SHARD))]
    missing = [(number, part) for number, part in shards if not (folder / f"{number:05}.jsonl").exists()]
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(_say, folder, number, part, seed) for number, part in missing]
        for done, job in enumerate(jobs, 1):
            job.result()
            if done % 10 == 0 or done == len(jobs):
                print(f"said {done} of {len(jobs)} shards", flush=True)


def read(folder):
    """All clips of a folder, in an order that is always the same."""
    clips = []
    for listing in sorted(Path(folder).glob("*.jsonl")):
        sound = listing.with_suffix(".pcm")
        if sound.stat().st_size == 0:
            continue
        samples = np.memmap(sound, "<i2", "r")
        for line in listing.read_text().splitlines():
            text, offset, length, voice = json.loads(line)
            clips.append(Clip(text, voice, samples[offset : offset + length]))
    return clips
