"""Hears recordings with pywhispercpp. Arguments: the model, then WAV files.

Prints a line of JSON for each file, in their order: {"text": ..., "ms": ...}.
"""

import json
import sys
import time
import wave

import numpy
from pywhispercpp.model import Model


def samples(path):
    with wave.open(path) as file:
        frames = file.readframes(file.getnframes())
    return numpy.frombuffer(frames, numpy.int16).astype(numpy.float32) / 32768


def main():
    weights, *paths = sys.argv[1:]
    model = Model(weights, print_progress=False, print_realtime=False, redirect_whispercpp_logs_to=None)
    clips = [samples(path) for path in paths]
    model.transcribe(clips[0], language="en")
    for clip in clips:
        started = time.perf_counter()
        segments = model.transcribe(clip, language="en")
        elapsed = (time.perf_counter() - started) * 1e3
        print(json.dumps({"text": " ".join(segment.text for segment in segments), "ms": elapsed}))


main()
