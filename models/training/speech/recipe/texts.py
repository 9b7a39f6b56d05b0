"""What is said: commands by rule, strings of random words, and texts that are given."""

import json
import random
from pathlib import Path

from . import grammar
from .written import spoken

WORDS = Path("/usr/share/dict/american-english-small")
LONGEST = 16


def dictionary(path=WORDS):
    words = (line.strip() for line in path.read_text().splitlines())
    return [word for word in words if word.isascii() and word.isalpha() and word.islower() and 2 < len(word) < 11]


def made(count, seed, words):
    """So many sentences, each once, the same each time. A model that hears commands only would turn all that it
    hears into one, so that a third has words that nobody expects."""
    dice, seen, texts = random.Random(seed), set(), []
    while len(texts) < count:
        kind = dice.random()
        if kind < 0.22:
            text = " ".join(dice.choice(words) for _ in range(dice.randint(2, 7)))
        elif kind < 0.35:
            parts = grammar.sentence(dice).split()
            for _ in range(dice.randint(1, 2)):
                parts.insert(dice.randint(0, len(parts)), dice.choice(words))
            text = " ".join(parts)
        else:
            text = grammar.sentence(dice)
        if len(text.split()) <= LONGEST and text not in seen:
            seen.add(text)
            texts.append(text)
    return texts


def given(paths):
    """The texts of files: lines, or `utterance` of rows of JSON; those that are said in one way only."""
    found = []
    for path in paths:
        for line in Path(path).read_text().splitlines():
            text = spoken(json.loads(line)["utterance"] if path.endswith(".jsonl") else line)
            if text:
                found.append(text)
    return found


def collect(count, seed, paths):
    texts = list(dict.fromkeys(given(paths) + made(count, seed, dictionary())))
    random.Random(seed).shuffle(texts)
    return texts
