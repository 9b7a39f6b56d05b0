"""SmolLM2 (a Llama) read from its GGUF file, its weights frozen, with low-rank corrections that are learned.

The corrections (LoRA, Hu et al. 2021) are computed beside the weights, as llama.cpp does with the adapter. Query and
key stand in the file's order of rows, in which pairs of neighbours are turned.
"""

import gguf
import numpy as np
import torch
from torch import nn
from torch.nn import functional

MATRICES = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]


class Network(nn.Module):
    def __init__(self, path, rank=32, alpha=64.0, device="cpu"):
        super().__init__()
        # Processors without matrix units for it are slower with halved numbers than with whole ones.
        self.kind = torch.bfloat16 if device == "cuda" else torch.float32
        reader = gguf.GGUFReader(path)
        field = lambda name: reader.fields[f"llama.{name}"].contents()
        self.layers, self.heads, self.groups = field("block_count"), field("attention.head_count"), field("attention.head_count_kv")
        self.epsilon, self.base = field("attention.layer_norm_rms_epsilon"), field("rope.freq_base")
        self.size = field("rope.dimension_count")
        self.rank, self.alpha = rank, alpha
        self.corrections = nn.ParameterDict()
        for tensor in reader.tensors:
            values = torch.from_numpy(np.ascontiguousarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type))).float()
            self.register_buffer(tensor.name.replace(".", "-"), values.to(self.kind), persistent=False)
            if tensor.name.split(".")[-2] in MATRICES:
                out, into = values.shape
                name = tensor.name.replace(".", "-")
                self.corrections[name + "-a"] = nn.Parameter(torch.randn(rank, into) / into**0.5)
                self.corrections[name + "-b"] = nn.Parameter(torch.zeros(out, rank))

    def through(self, x, name):
        """`x` times a matrix with its correction."""
        y = functional.linear(x, getattr(self, name))
        if name + "-a" not in self.corrections:
            return y
        a, b = self.corrections[name + "-a"].to(self.kind), self.corrections[name + "-b"].to(self.kind)
        low = functional.linear(x, a) * (self.alpha / self.rank)
        return torch.addmm(y.flatten(0, -2), low.flatten(0, -2), b.T).view_as(y)

    def turned(self, x, cos, sin):
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

    def forward(self, tokens, places, seen):
        """The last hidden state. `places` and `tokens`: batch x length; `seen`: batch x 1 x length x length."""
        x = functional.embedding(tokens, getattr(self, "token_embd-weight"))
        steps = self.base ** (-torch.arange(0, self.size, 2, device=x.device).float() / self.size)
        angles = (places[..., None].float() * steps)[:, None]
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        norm = lambda x, name: functional.rms_norm(x, x.shape[-1:], getattr(self, name).to(x.dtype), self.epsilon)
        for layer in range(self.layers):
            through = lambda x, name: self.through(x, f"blk-{layer}-{name}-weight")
            h = norm(x, f"blk-{layer}-attn_norm-weight")
            split = lambda y, heads: y.unflatten(-1, (heads, -1)).transpose(1, 2)
            q = self.turned(split(through(h, "attn_q"), self.heads), cos, sin)
            k = self.turned(split(through(h, "attn_k"), self.groups), cos, sin)
            v = split(through(h, "attn_v"), self.groups)
            repeat = lambda y: y.repeat_interleave(self.heads // self.groups, 1)
            mixed = functional.scaled_dot_product_attention(q, repeat(k), repeat(v), attn_mask=seen)
            x = x + through(mixed.transpose(1, 2).flatten(2), "attn_output")
            h = norm(x, f"blk-{layer}-ffn_norm-weight")
            h = functional.silu(through(h, "ffn_gate")) * through(h, "ffn_up")
            x = x + through(h, "ffn_down")
        return norm(x, "output_norm-weight")

    def scores(self, hidden):
        return functional.linear(hidden, getattr(self, "token_embd-weight")).float()


def export(network, path, note):
    """The adapter as llama.cpp reads it."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", network.alpha)
    writer.add_description(note)
    for name, values in network.corrections.items():
        matrix, part = name.rsplit("-", 1)
        data = values.detach().float().cpu().numpy().astype(np.float16)
        writer.add_tensor(f"{matrix.replace('-', '.')}.lora_{part}", data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def load(network, path):
    """Reads an adapter that was exported, to go on from."""
    for tensor in gguf.GGUFReader(path).tensors:
        matrix, part = tensor.name.rsplit(".lora_", 1)
        values = torch.from_numpy(np.ascontiguousarray(tensor.data)).float()
        network.corrections[f"{matrix.replace('.', '-')}-{part}"].data.copy_(values)
