"""Voices that are made, and the one set of people that is free to use: text to 16 kHz samples."""

import io
import os
import random
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

RATE = 16_000
# Never trained on, so that the report tells how a new voice is heard.
HELD_BACK = ["espeak:en-us+f3", "espeak:en-us+Andrea", "espeak:en-gb+m7", "espeak:en-gb+linda"]
_HELD_VARIANTS = {voice.split("+")[1] for voice in HELD_BACK}
# Noises rather than people.
_ODD = {
    "Demonic", "whisper", "whisperf", "croak", "AnxiousAndy", "fast", "UniRobot", "anikaRobot", "Mr serious", "Tweaky",
    "boris", "caleb",
}
_ACCENTS = ["en-us"] * 5 + ["en-gb"] * 3 + ["en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-029", "en-gb-x-gbcwmd"]
_FLITE = ["kal16", "kal", "awb", "awb", "rms", "rms", "rms", "slt", "slt", "slt"]
_FESTIVAL = ["cmu_us_slt_arctic_hts", "cmu_us_slt_arctic_hts", "kal_diphone", "ked_diphone"]
AN4 = ("https://github.com/cmusphinx/an4", "main")


def variants():
    """The variants of espeak-ng's voices that may be trained on."""
    folders = Path("/usr/lib").glob("*/espeak-ng-data/voices/!v")
    names = sorted(path.name for folder in folders for path in folder.iterdir())
    return [name for name in names if name not in _ODD | _HELD_VARIANTS and not name.startswith("robosoft")]


def resampled(samples, rate):
    """By Fourier transform, which is exact for a whole clip."""
    if rate == RATE or len(samples) == 0:
        return samples
    spectrum = np.fft.rfft(samples.astype(np.float32))
    length = round(len(samples) * RATE / rate)
    bins = np.zeros(length // 2 + 1, dtype=complex)
    kept = min(len(spectrum), len(bins))
    bins[:kept] = spectrum[:kept]
    sound = np.fft.irfft(bins, length) * (length / len(samples))
    return np.clip(sound, -32_768, 32_767).astype(np.int16)


def parsed(data):
    """A WAV file; espeak-ng streams one whose length is not known yet."""
    if data[40:44] in (b"\x00\xf0\xff\x7f", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00") or not data:
        body = data[44:]
        return np.frombuffer(body[: len(body) // 2 * 2], "<i2"), int.from_bytes(data[24:28], "little")
    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def espeak(text, voice, speed=150, pitch=50):
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    return resampled(*parsed(subprocess.run(command, capture_output=True, check=True).stdout))


def flite(text, voice, stretch=1.0):
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.2f}", "-t", text, "-o", file.name]
        subprocess.run(command, capture_output=True, check=True)
        return resampled(*parsed(Path(file.name).read_bytes()))


def festival(texts, voice, stretch=1.0):
    """Many at once, since it takes long to start."""
    with tempfile.TemporaryDirectory() as folder:
        script = f"(voice_{voice})\n(Parameter.set 'Duration_Stretch {stretch:.2f})\n"
        for number, text in enumerate(texts):
            script += f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{folder}/{number}.wav" \'riff)\n'
        path = Path(folder) / "say.scm"
        path.write_text(script)
        subprocess.run(["festival", "-b", str(path)], capture_output=True)
        for number, text in enumerate(texts):
            said = Path(folder) / f"{number}.wav"
            if said.exists():
                yield text, resampled(*parsed(said.read_bytes()))


def trimmed(samples):
    """Without the silence around it but for 50 ms; `None` where there is no speech of a usable length."""
    loud = np.abs(samples.astype(np.int32)) > 150
    if len(samples) < RATE // 10 or np.abs(samples.astype(np.int32)).max(initial=0) < 200:
        return None
    first, last = int(np.argmax(loud)), len(loud) - int(np.argmax(loud[::-1]))
    samples = samples[max(0, first - 800) : last + 800]
    return samples if len(samples) <= 9 * RATE else None


def say_all(texts, seed):
    """Each text in a voice by chance, always the same: text, samples, voice."""
    dice, variant, waiting = random.Random(seed), variants(), []
    for text in texts:
        kind = dice.random()
        if kind < 0.36:
            voice = dice.choice(_ACCENTS) + (f"+{dice.choice(variant)}" if dice.random() < 0.85 else "")
            yield text, espeak(text, voice, dice.randint(120, 200), dice.randint(25, 75)), f"espeak:{voice}"
        elif kind < 0.76:
            voice = dice.choice(_FLITE)
            yield text, flite(text, voice, dice.uniform(0.85, 1.25)), f"flite:{voice}"
        else:
            waiting.append(text)
    while waiting:
        some, waiting = waiting[:40], waiting[40:]
        voice, stretch = dice.choice(_FESTIVAL), dice.uniform(0.85, 1.2)
        for text, samples in festival(some, voice, stretch):
            yield text, samples, f"festival:{voice}"


def an4(folder, split):
    """CMU AN4: people who spell and count. `split` is `train` or `test`: text and samples."""
    folder = Path(folder)
    for line in (folder / f"etc/an4_{split}.transcription").read_text().splitlines():
        text, _, name = line.strip().rpartition("(")
        text = " ".join(text.replace("<s>", " ").replace("</s>", " ").lower().split())
        sound = next(folder.glob(f"wav/*/*/{name.rstrip(')')}.wav"), None)
        if sound and text:
            yield text, parsed(sound.read_bytes())[0]


def fetched_an4(work, given=None):
    """Where AN4 lies: the folder that was given, or a clone."""
    folder = Path(given) if given else Path(work) / "an4"
    if not folder.exists():
        address, branch = AN4
        command = ["git", "clone", "--quiet", "--depth", "1", "--branch", branch, address, str(folder)]
        if subprocess.run(command, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"}).returncode != 0:
            return None
    return folder
