"""whisper.cpp's model file, read and written: sizes, mel filters, vocabulary, tensors."""

import struct
from dataclasses import dataclass, field

import numpy as np

MAGIC = 0x67676D6C
F32, F16, Q8_0 = 0, 1, 8
BLOCK = 32
# Version 2 of the quantisation, q8_0, as whisper.cpp's `quantize` writes it.
FILE_TYPES = {"f16": 1, "q8_0": 2007}


@dataclass
class Sizes:
    vocabulary: int
    audio_positions: int
    width: int
    heads: int
    encoder_layers: int
    text_positions: int
    decoder_layers: int
    mels: int


@dataclass
class ModelFile:
    sizes: Sizes
    filters: np.ndarray  # mels x 201
    words: list  # the bytes of each text token
    tensors: dict = field(default_factory=dict)  # name to float32


def quantise(values):
    """Blocks of 32 numbers of a byte each with a scale, as ggml's q8_0."""
    blocks = values.astype(np.float32).reshape(-1, BLOCK)
    scale = (np.abs(blocks).max(axis=1) / 127.0).astype(np.float16)
    safe = np.where(scale == 0, 1, scale.astype(np.float32))
    # Away from zero at halves, like C's roundf.
    scaled = blocks / safe[:, None]
    rounded = np.trunc(scaled + np.copysign(0.5, scaled)).clip(-127, 127).astype(np.int8)
    out = np.empty(len(blocks), dtype=[("scale", "<f2"), ("values", "i1", BLOCK)])
    out["scale"], out["values"] = scale, rounded
    return out.tobytes()


def dequantise(data, shape):
    blocks = np.frombuffer(data, dtype=[("scale", "<f2"), ("values", "i1", BLOCK)])
    return (blocks["scale"].astype(np.float32)[:, None] * blocks["values"]).reshape(shape)


def is_quantised(name, values):
    """Matrices that are multiplied with; not convolutions, positions and single rows."""
    return values.ndim == 2 and "bias" not in name and "positional" not in name


def write(path, model, kind="q8_0"):
    sizes = model.sizes
    with open(path, "wb") as file:
        put = lambda layout, *values: file.write(struct.pack("<" + layout, *values))
        put("I", MAGIC)
        put("11i", sizes.vocabulary, sizes.audio_positions, sizes.width, sizes.heads, sizes.encoder_layers,
            sizes.text_positions, sizes.width, sizes.heads, sizes.decoder_layers, sizes.mels, FILE_TYPES[kind])
        put("2i", *model.filters.shape)
        file.write(model.filters.astype("<f4").tobytes())
        put("i", len(model.words))
        for word in model.words:
            put("i", len(word))
            file.write(word)
        for name, values in model.tensors.items():
            if is_quantised(name, values) and kind == "q8_0":
                number, data = Q8_0, quantise(values)
            elif values.ndim >= 2 and "bias" not in name and "positional" not in name:
                number, data = F16, values.astype("<f2").tobytes()
            else:
                number, data = F32, values.astype("<f4").tobytes()
            label = name.encode()
            put("3i", values.ndim, len(label), number)
            put(f"{values.ndim}i", *reversed(values.shape))
            file.write(label)
            file.write(data)


def read(path):
    with open(path, "rb") as file:
        take = lambda layout: struct.unpack("<" + layout, file.read(struct.calcsize("<" + layout)))
        (magic,) = take("I")
        if magic != MAGIC:
            raise ValueError(f"{path} is no model of whisper.cpp")
        numbers = take("11i")
        sizes = Sizes(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[8], numbers[9])
        mels, bins = take("2i")
        filters = np.frombuffer(file.read(4 * mels * bins), "<f4").reshape(mels, bins).copy()
        words = [file.read(take("i")[0]) for _ in range(take("i")[0])]
        tensors = {}
        while head := file.read(12):
            dimensions, length, number = struct.unpack("<3i", head)
            shape = tuple(reversed(take(f"{dimensions}i")))
            name = file.read(length).decode()
            count = int(np.prod(shape))
            if number == Q8_0:
                tensors[name] = dequantise(file.read(count // BLOCK * (BLOCK + 2)), shape)
            elif number == F16:
                tensors[name] = np.frombuffer(file.read(2 * count), "<f2").astype(np.float32).reshape(shape)
            elif number == F32:
                tensors[name] = np.frombuffer(file.read(4 * count), "<f4").reshape(shape).copy()
            else:
                raise ValueError(f"{name} is of kind {number}, which is not read here")
    return ModelFile(sizes, filters, words, tensors)
