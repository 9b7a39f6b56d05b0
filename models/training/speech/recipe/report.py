"""Word errors of model files on sound that neither was trained on, side by side."""

import importlib.machinery
import importlib.util
import random
import tempfile
from pathlib import Path

import numpy as np
from pywhispercpp.model import Model

from . import voices
from .written import written

ROOT = Path(__file__).resolve().parents[4]
COMMANDS = """turn on the kitchen lights
set a timer for ten minutes
add milk to my shopping list
what time is it in tokyo
remind me to call anna tomorrow at three p m
take a note buy a birthday present for tom
what is on my calendar tomorrow
list the files in the documents folder
what is twelve times eleven
create a meeting with sarah on friday at two thirty p m
delete the note about the garden project
turn off all the lights
play some jazz in the living room
what is the weather in berlin
cancel the timer
set the bedroom lights to forty percent
show the git status
how much time is left on the timer
send a message to david saying i will be late
mark pay the rent as done""".splitlines()


def scoring():
    """The counting of `scripts/word-errors`, and its studio prompts."""
    loader = importlib.machinery.SourceFileLoader("word_errors", str(ROOT / "scripts/word-errors"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("word_errors", loader))
    loader.exec_module(module)
    return module


def made(texts, chosen):
    return [(voices.espeak(text, voice.partition(":")[2]), text) for voice in chosen for text in texts]


def sets(work, texts, an4):
    """Name to clips: samples and words."""
    found = {
        "plain commands, made voices never trained on": made(COMMANDS, voices.HELD_BACK),
        "varied texts never trained on, the same voices": made(texts, voices.HELD_BACK),
    }
    if an4:
        found["people who spell and count (AN4, test set)"] = [(s, t) for t, s in voices.an4(an4, "test")]
    with tempfile.TemporaryDirectory() as folder:
        prompts = scoring().prompts(0, folder)
        found["a person in a studio (Debian's prompts)"] = [
            (voices.resampled(*voices.parsed(path.read_bytes())), text) for path, text in prompts
        ]
    return found


def hear(model, samples):
    """As Hark runs this kind of model: greedy, in a window as long as the sound."""
    sound = np.pad(samples.astype(np.float32) / 32_768, (3_200, 4_800))
    # Hark reads longer sound in pieces; here it is left out by the caller.
    parts = model.transcribe(
        sound, audio_ctx=len(sound) // 320 + 8, language="en", single_segment=True, no_context=True,
        temperature_inc=0.0, suppress_blank=True,
    )
    return " ".join(part.text for part in parts)


def score(path, clips):
    """Word errors, words, texts without an error, texts."""
    counting = scoring()
    model = Model(str(path), print_progress=False, print_realtime=False, redirect_whispercpp_logs_to=None)
    wrong = words = whole = texts = 0
    for samples, text in clips:
        if len(samples) > 9 * voices.RATE:
            continue
        wanted = counting.words(written(text.lower()) if text.islower() else text)
        distance = counting.errors(wanted, counting.words(hear(model, samples)))
        wrong, words = wrong + distance, words + len(wanted)
        whole, texts = whole + (distance == 0), texts + 1
    return wrong, words, whole, texts


def table(models, clip_sets):
    """`models`: name to file. A table in Markdown."""
    lines = ["| sound | " + " | ".join(models) + " |", "|---" * (len(models) + 1) + "|"]
    for name, clips in clip_sets.items():
        cells = []
        for path in models.values():
            wrong, words, whole, texts = score(path, clips)
            cells.append(f"{100 * wrong / max(1, words):.1f} % word error, {whole} of {texts} word for word")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def held_back(texts, count, seed):
    return random.Random(seed).sample(texts, min(count, len(texts)))
