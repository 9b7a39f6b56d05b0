"""Scenes as numbers: tokens, the part that each belongs to, and where the answers are."""

import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import form, tokens

# Parts: 0 is the head, then come the tools' blocks, then, from here on, one rest with its answer for each command.
RESTS = 128
LONGEST = 1_500
_state = {}


@dataclass
class Packed:
    """All scenes end to end. `starts` has one more than there are scenes."""

    tokens: np.ndarray
    parts: np.ndarray
    learned: np.ndarray
    starts: np.ndarray
    plain: np.ndarray

    def save(self, path):
        np.savez_compressed(path, **self.__dict__)

    @staticmethod
    def load(path):
        return Packed(**np.load(path))

    def __len__(self):
        return len(self.plain)


def numbers(scene, tokenizer):
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    ids, parts, learned = encode(form.HEAD), [], []
    parts, learned = [0] * len(ids), [0] * len(ids)
    for number, block in enumerate(scene.blocks, 1):
        new = encode(block)
        ids += new
        parts += [number] * len(new)
        learned += [0] * len(new)
    for number, (rest, answer) in enumerate(scene.asked):
        prompt, said = encode(rest), encode(answer + tokens.END)
        if len(ids) + len(prompt) + len(said) > LONGEST:
            continue
        ids += prompt + said
        parts += [RESTS + number] * (len(prompt) + len(said))
        learned += [0] * len(prompt) + [1] * len(said)
    return ids, parts, learned


def _start(maker, base):
    _state["maker"], _state["tokenizer"] = maker, tokens.read(base)


def _chunk(job):
    commands, seed = job
    dice, made = random.Random(seed), []
    for command in commands:
        scene = _state["maker"].scene(_state["maker"].pool.commands[command], dice)
        ids, parts, learned = numbers(scene, _state["tokenizer"])
        if sum(learned) and len(ids) <= LONGEST:
            made.append((ids, parts, learned, scene.is_plain))
    return made


def pack(maker, base, seeds, seed, workers):
    """A scene around each command of `seeds`, by several processes."""
    jobs = [(seeds[at : at + 250], seed * 1_000_003 + at) for at in range(0, len(seeds), 250)]
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(maker, base)) as workers:
        made = [one for chunk in workers.map(_chunk, jobs) for one in chunk]
    lengths = [len(one[0]) for one in made]
    flat = lambda index, kind: np.array([n for one in made for n in one[index]], kind)
    return Packed(
        flat(0, np.uint16), flat(1, np.uint8), flat(2, np.uint8), np.concatenate([[0], np.cumsum(lengths)]),
        np.array([one[3] for one in made], bool),
    )
