"""Training that goes on where it was stopped, whatever stopped it."""

import json
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from . import ggml, network as networks, sound, tokens
from .written import written

# Of encoder positions in a batch, which bounds memory and makes batches take about as long as each other.
POSITIONS = 5_700
WARM_UP = 400
SAVE_EVERY = 120.0
# People are few: each of their clips comes so often.
HUMAN_TIMES = 8


@dataclass
class Plan:
    minutes: float
    rate: float = 4e-4
    # The share of the time after which the rate begins to fall.
    hold: float = 0.5
    seed: int = 1
    positions: int = POSITIONS


def target(clip):
    """What should be written. A person who spells says letters, which are capitals."""
    text = written(clip.text)
    if clip.voice.startswith("human:"):
        text = " ".join(word.upper() if len(word.strip(".?")) == 1 and word not in "ai" else word for word in text.split())
    return text


class Material:
    """Clips with what should be written of them, and the tokens of that. Words that come hardly ever are left out:
    a token is learned from five examples or not at all."""

    def __init__(self, clips, coder, known=()):
        coded = [(clip, coder.of(target(clip))) for clip in clips]
        counts = Counter(token for _, code in coded for token in set(code))
        common = {token for token, count in counts.items() if count >= 5} | set(known)
        self.rows = [(clip, code) for clip, code in coded if common.issuperset(code)]
        used = {token for _, code in self.rows for token in code}
        self.tokens = sorted(used | {tokens.END, tokens.START, tokens.NO_TIMESTAMPS})
        people = [row for row in self.rows if row[0].voice.startswith("human:")]
        self.rows += people * (HUMAN_TIMES - 1)

    def batches(self, seed, positions):
        """Rows of about the same length together, in an order by chance."""
        dice = np.random.default_rng(seed)
        length = lambda row: len(self.rows[row][0].samples) / sound.STEP + 20
        order = sorted(range(len(self.rows)), key=lambda row: length(row) + dice.uniform(-12, 12))
        batches, batch, longest = [], [], 0.0
        for row in order:
            longest = max(longest, length(row))
            if batch and longest * (len(batch) + 1) > positions:
                batches.append(batch)
                batch, longest = [], length(row)
            batch.append(row)
        batches.append(batch)
        return [batches[number] for number in dice.permutation(len(batches))]


class Examples(torch.utils.data.IterableDataset):
    """Batches from one number on: those of a number are always the same, so that a run can be gone on with."""

    def __init__(self, material, known, filters, plan, first):
        self.material, self.filters, self.plan, self.first = material, torch.from_numpy(filters), plan, first
        self.place = {token: number for number, token in enumerate(known)}

    def __iter__(self):
        torch.set_num_threads(1)
        backgrounds = sound.noises(np.random.default_rng(self.plan.seed))
        step, epoch = 0, 0
        while True:
            for rows in self.material.batches((self.plan.seed, epoch), self.plan.positions):
                if step >= self.first:
                    yield self.example(rows, np.random.default_rng((self.plan.seed, step)), backgrounds)
                step += 1
            epoch += 1

    def example(self, rows, dice, backgrounds):
        chosen = [self.material.rows[row] for row in rows]
        sounds = [sound.changed(clip.samples, dice, backgrounds) for clip, _ in chosen]
        length = max(map(len, sounds)) + int(dice.choice([0, 3_200, 8_000]))
        samples = torch.zeros(len(sounds), -(-length // sound.STEP) * sound.STEP)
        for number, one in enumerate(sounds):
            samples[number, : len(one)] = torch.from_numpy(one)
            if dice.random() < 0.5:
                hiss = dice.standard_normal(samples.shape[1]) * dice.uniform(1e-5, 3e-3)
                samples[number] += torch.from_numpy(hiss.astype(np.float32))
        spectrogram = sound.masked(sound.mel(samples, self.filters), dice)
        return spectrogram, *self.texts(chosen), [len(one) // sound.STEP + 1 for one in sounds]

    def texts(self, chosen):
        """What was written so far, what comes next (-100: of no matter), and the letters of what was said."""
        place = self.place
        codes = [[tokens.START, tokens.NO_TIMESTAMPS, *code, tokens.END] for _, code in chosen]
        longest = max(map(len, codes))
        so_far = torch.full((len(codes), longest - 1), place[tokens.END])
        following = torch.full((len(codes), longest - 1), -100)
        for number, code in enumerate(codes):
            numbers = torch.tensor([place[token] for token in code])
            so_far[number, : len(code) - 1] = numbers[:-1]
            following[number, 1 : len(code) - 1] = numbers[2:]
        letters = [[networks.LETTERS.index(l) + 1 for l in clip.text if l in networks.LETTERS] for clip, _ in chosen]
        return so_far, following, letters


def loss(network, example, progress):
    spectrogram, so_far, following, letters, lengths = example
    with torch.autocast("cpu", torch.bfloat16):
        heard = network.hear(spectrogram)
        logits, spelled = network.write(so_far, heard).float(), network.spelling(heard).float()
    words = functional.cross_entropy(logits.flatten(0, 1), following.flatten(), label_smoothing=0.05)
    # Logits that drift apart as a whole would overflow in half precision.
    words = words + 1e-4 * ((logits.logsumexp(-1) - 12) ** 2).mean()
    spelling = functional.ctc_loss(
        spelled.log_softmax(-1).transpose(0, 1),
        torch.tensor([letter for text in letters for letter in text]),
        torch.tensor([min(length, spelled.shape[1]) for length in lengths]),
        torch.tensor([len(text) for text in letters]),
        zero_infinity=True,
    )
    share = 0.5 if progress < 0.5 else 0.2
    kept = 1e-3 * (network.constant() - networks.CONSTANT) ** 2
    return (1 - share) * words + share * spelling + kept, words.item(), spelling.item()


def rate_at(plan, step, progress):
    rising = min(1.0, (step + 1) / WARM_UP)
    return plan.rate * rising * (1.0 if progress < plan.hold else max(0.02, (1 - progress) / (1 - plan.hold)))


def save(path, state):
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def begin(start, material, shape):
    """The weights of a model file, or new ones of that shape."""
    if start:
        return networks.widened(networks.from_file(start), material.tokens)
    return networks.Network(material.tokens, **shape)


def run(work, material, filters, plan, start, shape):
    """Trains for `plan.minutes` in all, the time of earlier runs with it, and returns the network."""
    checkpoint, log = Path(work) / "checkpoint.pt", Path(work) / "train.jsonl"
    torch.manual_seed(plan.seed)
    step, spent, state = 0, 0.0, None
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        net = networks.Network(state["known"], **state["shape"])
        net.load_state_dict(state["weights"])
        step, spent = state["step"], state["spent"]
        print(f"going on at step {step}, after {spent / 60:.0f} minutes", flush=True)
    else:
        net = begin(start, material, shape)
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
    if state:
        optimiser.load_state_dict(state["optimiser"])
    examples = Examples(material, net.known, filters, plan, step)
    stream = iter(torch.utils.data.DataLoader(examples, batch_size=None, num_workers=1, prefetch_factor=6))
    net.train()
    before = saved = time.monotonic()
    seen, steps, sums = 0, 0, np.zeros(2)
    while spent < plan.minutes * 60:
        progress = spent / (plan.minutes * 60)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(plan, step, progress)
        example = next(stream)
        value, *parts = loss(net, example, progress)
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        now = time.monotonic()
        spent, before, step = spent + now - before, now, step + 1
        seen, steps, sums = seen + len(example[4]), steps + 1, sums + parts
        is_last = spent >= plan.minutes * 60
        if now - saved > SAVE_EVERY or is_last:
            row = {
                "step": step, "minutes": round(spent / 60, 2), "clips_a_second": round(seen / (now - saved), 1),
                "words": round(float(sums[0]) / steps, 4), "spelling": round(float(sums[1]) / steps, 4),
            }
            save(checkpoint, {
                "weights": net.state_dict(), "optimiser": optimiser.state_dict(), "known": net.known,
                "shape": net.shape, "step": step, "spent": spent,
            })
            with open(log, "a") as file:
                file.write(json.dumps(row) + "\n")
            print(row, flush=True)
            saved, seen, steps, sums = now, 0, 0, np.zeros(2)
    return net.eval()


def trained(work):
    """The network of the newest checkpoint."""
    state = torch.load(Path(work) / "checkpoint.pt", weights_only=False)
    net = networks.Network(state["known"], **state["shape"])
    net.load_state_dict(state["weights"])
    return net.eval()


def export(work, base, path):
    """Writes the newest checkpoint as a model file with the filters and the vocabulary of `base`."""
    part = Path(path).with_suffix(".part")
    ggml.write(part, networks.to_file(trained(work), base.filters, base.words))
    os.replace(part, path)
