"""Training by the clock."""

import json
import queue
import threading
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from .data import RESTS


def places(parts, is_plain):
    """Where each token of a scene stands: blocks all begin behind the head, rests behind the longest block."""
    changes = np.flatnonzero(np.diff(parts, prepend=parts[0] + 1 if len(parts) else 0))
    lengths = np.diff(np.append(changes, len(parts)))
    kinds = parts[changes]
    head = lengths[0]
    blocks = lengths[(kinds > 0) & (kinds < RESTS)]
    behind = head + (blocks.sum() if is_plain else blocks.max(initial=0))
    begins = np.where(kinds == 0, 0, np.where(kinds < RESTS, head, behind))
    if is_plain:
        begins = np.where(kinds < RESTS, changes, behind)
    return np.arange(len(parts)) + np.repeat(begins - changes, lengths)


def batches(packed, positions, dice):
    """Numbers of scenes of about the same length, so many that they fill `positions` tokens."""
    lengths = np.diff(packed.starts)
    order = np.argsort(lengths + dice.uniform(-20, 20, len(lengths)))
    made, batch, longest = [], [], 0
    for scene in order:
        longest = max(longest, lengths[scene])
        if batch and longest * (len(batch) + 1) > positions:
            made.append(batch)
            batch, longest = [], lengths[scene]
        batch.append(scene)
    made.append(batch)
    return [made[n] for n in dice.permutation(len(made))]


def example(packed, scenes):
    longest = -(-int(max(packed.starts[s + 1] - packed.starts[s] for s in scenes)) // 16) * 16
    arrays = {name: np.zeros((len(scenes), longest), np.int64) for name in ("tokens", "parts", "learned", "places")}
    arrays["parts"] += 255
    for row, scene in enumerate(scenes):
        at = slice(packed.starts[scene], packed.starts[scene + 1])
        length = at.stop - at.start
        for name in ("tokens", "parts", "learned"):
            arrays[name][row, :length] = getattr(packed, name)[at]
        arrays["places"][row, :length] = places(packed.parts[at].astype(np.int64), packed.plain[scene])
    arrays["plain"] = packed.plain[scenes]
    return {name: torch.from_numpy(values) for name, values in arrays.items()}


def seen(parts, plain):
    """Which token sees which: a block the head and itself, a rest the head, the blocks and itself; in a plain scene
    a block also those before it."""
    query, key = parts[:, :, None], parts[:, None, :]
    is_before = torch.ones(parts.shape[1], parts.shape[1], dtype=torch.bool, device=parts.device).tril()
    in_front = (key < RESTS) & ((query >= RESTS) | plain[:, None, None])
    return (is_before & ((key == 0) | (key == query) | in_front))[:, None]


def learn(network, batch, device):
    batch = {name: values.to(device, non_blocking=True) for name, values in batch.items()}
    hidden = network(batch["tokens"], batch["places"], seen(batch["parts"], batch["plain"]))
    wanted = batch["learned"][:, 1:].bool()
    scores = network.scores(hidden[:, :-1][wanted])
    return scores, batch["tokens"][:, 1:][wanted], wanted, batch


def judge(network, packed, device, positions):
    """The share of answers of which every token would be chosen, and the mean loss of a token."""
    right, answers, loss, tokens = 0, 0, 0.0, 0
    with torch.no_grad():
        for scenes in batches(packed, positions, np.random.default_rng(0)):
            scores, target, wanted, batch = learn(network, example(packed, scenes), device)
            loss += functional.cross_entropy(scores, target, reduction="sum").item()
            tokens += len(target)
            miss = torch.zeros_like(wanted)
            miss[wanted] = scores.argmax(-1) != target
            group = batch["parts"][:, 1:] + 256 * torch.arange(len(scenes), device=device)[:, None]
            answers += len(group[wanted].unique())
            right += len(group[wanted].unique()) - len(group[miss].unique())
    return right / answers, loss / tokens


def feed(packed, positions, seed):
    """Batches without end, made by a thread beside the training."""
    waiting = queue.Queue(8)

    def work():
        epoch = 0
        while True:
            dice = np.random.default_rng((seed, epoch))
            for scenes in batches(packed, positions, dice):
                waiting.put((epoch, example(packed, scenes)))
            epoch += 1

    threading.Thread(target=work, daemon=True).start()
    while True:
        yield waiting.get()


def run(network, packed, seconds, rate, positions, device, log=None, each=30.0, checks=(), seed=1):
    """Trains for so long and returns the mean loss of the last tenth of the time."""
    optimiser = torch.optim.AdamW(network.corrections.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.0, fused=device == "cuda")
    begun = told = time.monotonic()
    step, losses, tokens, late = 0, [], 0, []
    for epoch, batch in feed(packed, positions, seed):
        progress = (time.monotonic() - begun) / seconds
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 60) * min(1, max(0.02, (1 - progress) / 0.7))
        scores, target, _, _ = learn(network, batch, device)
        loss = functional.cross_entropy(scores, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.corrections.parameters(), 1.0)
        optimiser.step()
        step, tokens = step + 1, tokens + batch["tokens"].numel()
        losses.append(loss.detach())
        if progress > 0.9:
            late.append(loss.detach())
        now = time.monotonic()
        if log and now - told > each:
            row = {"step": step, "epoch": epoch, "seconds": round(now - begun), "loss": round(torch.stack(losses).mean().item(), 4), "tokens_a_second": round(tokens / (now - told))}
            row |= {name: judge(network, held, device, positions) for name, held in checks}
            print(row, flush=True)
            with open(log, "a") as file:
                file.write(json.dumps(row) + "\n")
            told, losses, tokens = time.monotonic(), [], 0
    return torch.stack(late or losses).mean().item(), step
