"""The ranker: a small sentence encoder (all-MiniLM-L6-v2) that learns which tools a command is about.

Commands and tools are put into one space, so that a tool set is read once and a command costs one short pass
(bi-encoder, Reimers and Gurevych 2019). Trained with the tools of a batch as each other's negatives (van den Oord et
al. 2018). The twin of what a tool is to it, `shown`, stands in `src/planner/ranking.rs`.
"""

import argparse
import json
import math
import random
import re
import struct
import time
from collections import defaultdict
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from . import collect, noise
from .form import harmless
from .scenes import OWN, TOO_ALIKE, Maker

LONGEST = 96
DESCRIPTION, SHOWN = 200, 400
# Cosines are between -1 and 1; a softmax over tools needs more room.
SHARPNESS = 20.0
HEADS, LAYERS, EPSILON = 12, 6, 1e-12


def split(text):
    """Parts `list_directory` and `listDirectory` into their words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"[_\-./]", " ", text))


def shown(tool):
    """What the ranker sees of a tool."""
    text = f"{split(tool['service'])} {split(tool['name'])}: {harmless(tool.get('description') or '')[:DESCRIPTION]}"
    names = ", ".join(split(name) for name in tool["inputSchema"].get("properties") or {})
    return (f"{text} ({names})" if names else text)[:SHOWN]


def read_tensors(path):
    """A safetensors file."""
    raw = Path(path).read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header, data = json.loads(raw[8 : 8 + size]), raw[8 + size :]
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "I64": np.int64}
    return {
        name: np.frombuffer(data[one["data_offsets"][0] : one["data_offsets"][1]], kinds[one["dtype"]]).reshape(one["shape"])
        for name, one in header.items()
    }


class Encoder(nn.Module):
    """BERT without a head: the mean of the last layer, of length one. The word vectors are left as they are."""

    def __init__(self, tensors):
        super().__init__()
        self.weights = nn.ParameterDict()
        for name, values in tensors.items():
            if values.dtype == np.float32 and not name.startswith("pooler"):
                is_learned = not name.startswith("embeddings")
                self.weights[name.replace(".", "-")] = nn.Parameter(torch.from_numpy(values.copy()), requires_grad=is_learned)

    def of(self, name):
        return self.weights[name.replace(".", "-")]

    def linear(self, x, name):
        return functional.linear(x, self.of(name + ".weight"), self.of(name + ".bias"))

    def norm(self, x, name):
        return functional.layer_norm(x, x.shape[-1:], self.of(name + ".weight"), self.of(name + ".bias"), EPSILON)

    def forward(self, tokens, mask):
        """`tokens`: texts x length; `mask`: which of them are there."""
        x = functional.embedding(tokens, self.of("embeddings.word_embeddings.weight"))
        x = x + self.of("embeddings.position_embeddings.weight")[: tokens.shape[1]] + self.of("embeddings.token_type_embeddings.weight")[0]
        x = self.norm(x, "embeddings.LayerNorm")
        seen = mask[:, None, None, :]
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}."
            q, k, v = (self.linear(x, f"{at}attention.self.{one}").unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in ("query", "key", "value"))
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(1, 2).flatten(2)
            x = self.norm(x + self.linear(mixed, at + "attention.output.dense"), at + "attention.output.LayerNorm")
            wide = functional.gelu(self.linear(x, at + "intermediate.dense"))
            x = self.norm(x + self.linear(wide, at + "output.dense"), at + "output.LayerNorm")
        there = mask[..., None].to(x.dtype)
        return functional.normalize((x * there).sum(1) / there.sum(1), dim=-1)


class Reader:
    """Texts to tokens, kept."""

    def __init__(self, path):
        self.tokenizer = Tokenizer.from_file(str(path))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)
        self.known = {}

    def tokens(self, text):
        if text not in self.known:
            self.known[text] = self.tokenizer.encode(text).ids
        return self.known[text]

    def batch(self, texts):
        rows = [self.tokens(text) for text in texts]
        longest = max(map(len, rows))
        tokens = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest, dtype=torch.bool)
        for n, row in enumerate(rows):
            tokens[n, : len(row)] = torch.tensor(row)
            mask[n, : len(row)] = True
        return tokens, mask


def encode(encoder, reader, texts, most=64):
    """The vectors of texts, of like length together."""
    order = sorted(range(len(texts)), key=lambda n: len(reader.tokens(texts[n])))
    vectors = torch.zeros(len(texts), 384)
    with torch.no_grad():
        for at in range(0, len(order), most):
            some = order[at : at + most]
            vectors[some] = encoder(*reader.batch([texts[n] for n in some]))
    return vectors


def asked(command):
    """What is ranked by: the command, behind the turn that it goes on from."""
    return f"{command.turns[-1][0]}. {command.text}" if command.turns else command.text


class Batches:
    """Some services with all their tools, and commands to each."""

    def __init__(self, pool, dice, services=5, commands=14, worlds=8):
        self.pool, self.dice, self.most, self.each, self.worlds = pool, dice, services, commands, worlds
        self.maker = Maker(pool)
        self.by_service, self.own_worlds = defaultdict(list), []
        for command in pool.commands:
            if command.steps:
                service = self.maker.service_of[command.steps[0][0]]
                if command.source.startswith("seal"):
                    self.own_worlds.append(command)
                else:
                    self.by_service[service].append(command)
        self.names = list(self.by_service)
        # The square root: large sources teach more, but not in proportion; Hark's own tools count five times.
        self.weights = [math.sqrt(len(self.by_service[n])) * (5 if n.startswith(OWN) else 1) for n in self.names]

    def next(self):
        dice, chosen = self.dice, set()
        while len(chosen) < self.most:
            chosen.add(dice.choices(self.names, self.weights)[0])
        commands = [c for name in sorted(chosen) for c in dice.sample(self.by_service[name], min(self.each, len(self.by_service[name])))]
        commands += dice.sample(self.own_worlds, self.worlds)
        tools = dict.fromkeys(key for command in commands for key, _ in command.steps)
        for service in sorted({self.maker.service_of[key] for key in tools}):
            others = [key for key in self.pool.services[service] if key not in tools]
            tools.update(dict.fromkeys(dice.sample(others, min(10, len(others)))))
        tools = list(tools)
        place = {key: n for n, key in enumerate(tools)}
        right = torch.zeros(len(commands), len(tools), dtype=torch.bool)
        barred = torch.zeros(len(commands), len(tools), dtype=torch.bool)
        for n, command in enumerate(commands):
            keys = {key for key, _ in command.steps}
            home = {self.maker.service_of[key] for key in keys}
            right[n, [place[key] for key in keys]] = True
            for key in tools:
                if self.maker.service_of[key] not in home and any(self.maker.alike(one, key) > TOO_ALIKE for one in keys):
                    barred[n, place[key]] = True
        texts = [asked(c) for c in commands]
        texts = [noise.heard(t, [], dice)[0] or t if dice.random() < 0.4 else t for t in texts]
        return texts, [self.seen(key) for key in tools], right, barred

    def seen(self, key):
        """A tool as it is, or with its name or its description away, so that neither is relied on."""
        tool = self.pool.tools[key]
        if tool["description"] and self.dice.random() < 0.15:
            return shown(tool | {"service": "", "name": ""})
        if self.dice.random() < 0.08:
            return shown(tool | {"description": ""})
        return shown(tool)


def lesson(scores, right, barred):
    """The mean loss: each right tool against all that are wrong."""
    wrong = scores.masked_fill(right | barred, -torch.inf).logsumexp(1, keepdim=True)
    each = functional.softplus(wrong - scores)
    return (each * right).sum(1).div(right.sum(1)).mean()


def recall(encoder, reader, commands, tools, counts=(1, 3, 5, 12)):
    """The share of commands of which all the right tools are among the first ones."""
    keys = list(tools)
    vectors = encode(encoder, reader, [shown(tools[key]) for key in keys])
    place = {key: n for n, key in enumerate(keys)}
    commands = [c for c in commands if c.steps]
    scores = encode(encoder, reader, [asked(c) for c in commands]) @ vectors.T
    ranks = scores.argsort(1, descending=True).argsort(1)
    worst = torch.tensor([max(ranks[n, place[key]].item() for key, _ in c.steps) for n, c in enumerate(commands)])
    return {count: round((worst < count).float().mean().item(), 4) for count in counts}


def held(data):
    """Held-back commands with the tools that they choose from."""
    found = {}
    for name, pool in collect.held_back(data).items():
        tools = pool.tools
        if name == "known":
            tools = {k: v for k, v in tools.items() if k.startswith("hwu64/")}
        found[name] = ([c for c in pool.commands if all(k in tools for k, _ in c.steps)], tools)
    return found


def train(encoder, reader, batches, seconds, rate, held_sets, keep):
    """By the clock; `keep` is called now and then."""
    learned = [p for p in encoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=rate, weight_decay=0.01)
    begun = told = time.monotonic()
    step, losses = 0, []
    while (progress := (time.monotonic() - begun) / seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 30) * max(0.02, min(1, (1 - progress) / 0.8))
        commands, tools, right, barred = batches.next()
        scores = encoder(*reader.batch(commands)) @ encoder(*reader.batch(tools)).T * SHARPNESS
        loss = lesson(scores, right, barred)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        step += 1
        losses.append(loss.item())
        if time.monotonic() - told > 180:
            found = {name: recall(encoder, reader, *one) for name, one in held_sets.items()}
            print({"step": step, "seconds": round(time.monotonic() - begun), "loss": round(sum(losses) / len(losses), 4)} | found, flush=True)
            keep()
            told, losses = time.monotonic(), []
    return step


def export(encoder, folder, path):
    """The encoder as llama.cpp reads it: weights in 8 bits, word vectors in 5."""
    tokenizer = json.loads((Path(folder) / "tokenizer.json").read_text())
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda item: item[1])
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("hark-ranker")
    writer.add_description("all-MiniLM-L6-v2 (Apache-2.0), trained on to find the tools that a command is about")
    writer.add_context_length(512)
    writer.add_embedding_length(384)
    writer.add_feed_forward_length(1536)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(EPSILON)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    special = re.compile(r"\[(PAD|UNK|CLS|SEP|MASK|unused\d+)\]")
    words, kinds = [], []
    for word, _ in vocabulary:
        is_special = bool(special.fullmatch(word))
        # llama.cpp marks the beginning of a word, BERT what goes on.
        words.append(word if is_special else word[2:] if word.startswith("##") else "\u2581" + word)
        kinds.append(gguf.TokenType.CONTROL if is_special else gguf.TokenType.NORMAL)
    ids = dict(vocabulary)
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    writer.add_unk_token_id(ids["[UNK]"])
    writer.add_uint32("tokenizer.ggml.cls_token_id", ids["[CLS]"])
    writer.add_bos_token_id(ids["[CLS]"])
    writer.add_sep_token_id(ids["[SEP]"])
    writer.add_eos_token_id(ids["[SEP]"])
    writer.add_pad_token_id(ids["[PAD]"])
    writer.add_mask_token_id(ids["[MASK]"])
    names = {
        "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
        "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
    }
    for layer in range(LAYERS):
        at, to = f"encoder.layer.{layer}.", f"blk.{layer}."
        names |= {
            at + "attention.self.query": to + "attn_q", at + "attention.self.key": to + "attn_k",
            at + "attention.self.value": to + "attn_v", at + "attention.output.dense": to + "attn_output",
            at + "attention.output.LayerNorm": to + "attn_output_norm", at + "intermediate.dense": to + "ffn_up",
            at + "output.dense": to + "ffn_down", at + "output.LayerNorm": to + "layer_output_norm",
        }
    for name, values in encoder.weights.items():
        stem, part = name.replace("-", ".").rsplit(".", 1)
        values = values.detach().float().numpy()
        kind = gguf.GGMLQuantizationType.F32
        if part == "weight" and values.ndim == 2 and "position" not in stem and "token_type" not in stem:
            kind = gguf.GGMLQuantizationType.Q5_0 if "word_embeddings" in stem else gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(f"{names[stem]}.{part}", gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--own", required=True)
    parser.add_argument("--own-registries", required=True)
    parser.add_argument("--base", required=True, help="the folder of all-MiniLM-L6-v2: model.safetensors, tokenizer.json")
    parser.add_argument("--out", required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    torch.manual_seed(chosen.seed)
    encoder, reader = Encoder(read_tensors(Path(chosen.base) / "model.safetensors")), Reader(Path(chosen.base) / "tokenizer.json")
    held_sets = held(chosen.data)
    print({"before": {name: recall(encoder, reader, *one) for name, one in held_sets.items()}}, flush=True)
    if chosen.minutes > 0:
        pool = collect.pool(chosen.data, chosen.own, chosen.own_registries, 4, chosen.seed)
        steps = train(encoder, reader, Batches(pool, random.Random(chosen.seed)), chosen.minutes * 60, chosen.rate, held_sets, lambda: export(encoder, chosen.base, chosen.out))
        print({"steps": steps, "after": {name: recall(encoder, reader, *one) for name, one in held_sets.items()}}, flush=True)
    export(encoder, chosen.base, chosen.out)
    print(chosen.out, Path(chosen.out).stat().st_size, "bytes")


if __name__ == "__main__":
    main()
