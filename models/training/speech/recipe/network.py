"""Whisper's architecture in the small, with a second head that spells while it is trained.

The head (CTC, Graves et al. 2006) sits on the encoder and is thrown away afterwards: without it the decoder takes
far longer to find out where in the sound it should look.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import ggml, tokens

LETTERS = " 'abcdefghijklmnopqrstuvwxyz"
# What the decoder's output has along the direction of the last norm's bias over its weight: tokens that were never
# trained point away from it, so that they are never chosen.
CONSTANT = 40.0


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x, other=None, is_causal=False):
        source = x if other is None else other
        split = lambda y: y.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, k, v = split(self.query(x)), split(self.key(source)), split(self.value(source))
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=is_causal)
        return self.out(seen.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width, heads, has_cross=False):
        super().__init__()
        self.attn, self.attn_ln = Attention(width, heads), nn.LayerNorm(width)
        if has_cross:
            self.cross_attn, self.cross_attn_ln = Attention(width, heads), nn.LayerNorm(width)
        self.has_cross = has_cross
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.mlp_ln = nn.LayerNorm(width)

    def forward(self, x, sound=None):
        x = x + self.attn(self.attn_ln(x), is_causal=self.has_cross)
        if self.has_cross:
            x = x + self.cross_attn(self.cross_attn_ln(x), sound)
        return x + self.mlp(self.mlp_ln(x))


def positions(count, width):
    step = math.log(10_000) / (width // 2 - 1)
    angles = torch.arange(count)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


class Network(nn.Module):
    """`known` are the tokens that it can write; all others of the vocabulary are never chosen."""

    def __init__(self, known, width=256, heads=4, encoder_layers=4, decoder_layers=2):
        super().__init__()
        self.known = list(known)
        self.shape = {
            "width": width, "heads": heads, "encoder_layers": encoder_layers, "decoder_layers": decoder_layers,
        }
        self.conv1 = nn.Conv1d(80, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("places", positions(1_500, width))
        self.encoder = nn.ModuleList(Block(width, heads) for _ in range(encoder_layers))
        self.ln_post = nn.LayerNorm(width)
        self.embedding = nn.Embedding(len(self.known), width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.text_places = nn.Parameter(torch.randn(448, width) * 0.01)
        self.decoder = nn.ModuleList(Block(width, heads, has_cross=True) for _ in range(decoder_layers))
        self.ln = nn.LayerNorm(width)
        self.spelling = nn.Linear(width, len(LETTERS) + 1)

    def hear(self, spectrogram):
        x = functional.gelu(self.conv1(spectrogram))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        x = x + self.places[: x.shape[1]]
        for block in self.encoder:
            x = block(x)
        return self.ln_post(x)

    def write(self, written, sound):
        x = self.embedding(written) + self.text_places[: written.shape[1]]
        for block in self.decoder:
            x = block(x, sound)
        return self.ln(x) @ self.embedding.weight.T

    def constant(self):
        return (self.ln.bias / self.ln.weight).sum()


def named(network):
    """Each tensor under its name in a model file."""
    yield "encoder.positional_embedding", network.places
    for name in ("conv1", "conv2"):
        layer = getattr(network, name)
        yield f"encoder.{name}.weight", layer.weight
        yield f"encoder.{name}.bias", layer.bias
    yield "encoder.ln_post.weight", network.ln_post.weight
    yield "encoder.ln_post.bias", network.ln_post.bias
    yield "decoder.positional_embedding", network.text_places
    yield "decoder.ln.weight", network.ln.weight
    yield "decoder.ln.bias", network.ln.bias
    for part in ("encoder", "decoder"):
        for number, block in enumerate(getattr(network, part)):
            for name, values in block.named_parameters():
                yield f"{part}.blocks.{number}.{name}", values


def to_file(network, filters, words):
    """As a model file. Tokens that were never trained get an embedding that the output never leads to."""
    tensors = {name: values.detach().float().numpy() for name, values in named(network)}
    for name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        tensors[name] = tensors[name].reshape(-1, 1)
    away = (1 / network.ln.weight.detach().float().numpy()) * (-25 / float(network.constant().detach()))
    embedding = np.tile(away.astype(np.float32), (tokens.VOCABULARY, 1))
    embedding[network.known] = network.embedding.weight.detach().float().numpy()
    tensors["decoder.token_embedding.weight"] = embedding
    shape = network.shape
    sizes = ggml.Sizes(
        tokens.VOCABULARY, 1_500, shape["width"], shape["heads"], shape["encoder_layers"], 448,
        shape["decoder_layers"], 80,
    )
    return ggml.ModelFile(sizes, filters, words, tensors)


def from_file(model):
    """A network with the weights of a model file; only its spelling head is new."""
    embedding = model.tensors["decoder.token_embedding.weight"]
    # What was never trained is the same for all such tokens.
    rows, counts = np.unique(embedding, axis=0, return_counts=True)
    unused = rows[counts.argmax()] if counts.max() > 100 else None
    known = [n for n, row in enumerate(embedding) if unused is None or not np.array_equal(row, unused)]
    sizes = model.sizes
    network = Network(known, sizes.width, sizes.heads, sizes.encoder_layers, sizes.decoder_layers)
    with torch.no_grad():
        for name, values in named(network):
            values.copy_(torch.from_numpy(model.tensors[name]).reshape(values.shape))
        network.embedding.weight.copy_(torch.from_numpy(embedding[known]))
    return network


def widened(network, known):
    """The same network with further tokens that it can write, which begin near the mean of the others."""
    further = [token for token in known if token not in set(network.known)]
    if not further:
        return network
    wider = Network(network.known + further, **network.shape)
    old = network.embedding.weight.detach()
    new = old.mean(0) + torch.randn(len(further), old.shape[1]) * old.std() * 0.5
    weights = network.state_dict()
    weights["embedding.weight"] = torch.cat([old, new])
    wider.load_state_dict(weights)
    return wider
