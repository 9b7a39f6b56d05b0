"""Samples as the model sees them, and what rooms, microphones and noise do to them."""

import numpy as np
import torch

RATE = 16_000
# One position of the encoder.
STEP = 320
_WINDOW = torch.hann_window(400)


def mel(samples, filters):
    """Whisper's log-mel spectrogram (Radford et al. 2022, section 2.2): batch x samples to batch x mels x frames."""
    power = torch.stft(samples, 400, 160, window=_WINDOW, return_complex=True)[..., :-1].abs() ** 2
    logarithm = (filters @ power).clamp(min=1e-10).log10()
    loudest = logarithm.amax(dim=(1, 2), keepdim=True)
    return (torch.maximum(logarithm, loudest - 8.0) + 4) / 4


def noises(dice):
    """A minute each of white noise, brown-ish noise, hum, and babble-like noise (white, shaped like speech)."""
    length = 60 * RATE
    white = dice.standard_normal(length).astype(np.float32)
    walk = np.cumsum(white)
    brown = walk - np.convolve(walk, np.ones(400) / 400, "same")
    time = np.arange(length) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * harmonic * time) / harmonic for harmonic in (1, 2, 3, 5, 7))
    spectrum = np.fft.rfft(dice.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    shaped = np.fft.irfft(spectrum / (1 + (frequency / 500) ** 1.5), length)
    syllables = np.abs(np.interp(time, np.arange(0, 61, 0.2), dice.standard_normal(305)))
    return [one.astype(np.float32) / one.std() for one in (white, brown, hum, shaped * syllables)]


def changed(samples, dice, backgrounds):
    """The same words at another speed, in a small room, at a dull or thin microphone, with noise."""
    sound = samples.astype(np.float32) / 32_768
    speed = dice.uniform(0.84, 1.2)
    if abs(speed - 1) > 0.03:
        sound = np.interp(np.arange(0, len(sound) - 1, speed), np.arange(len(sound)), sound).astype(np.float32)
    sound *= dice.uniform(0.15, 1) / max(1e-3, np.abs(sound).max())
    if dice.random() < 0.4:
        sound = in_room(sound, dice)
    if dice.random() < 0.35:
        sound = through_microphone(sound, dice)
    if dice.random() < 0.65:
        background = backgrounds[dice.integers(len(backgrounds))]
        at = dice.integers(0, len(background) - len(sound))
        loudness = np.sqrt((sound**2).mean() + 1e-9) / 10 ** (dice.uniform(5, 35) / 20)
        sound = sound + background[at : at + len(sound)] * loudness
    if dice.random() < 0.1:
        sound = np.clip(sound * dice.uniform(1, 4), -1, 1)
    return np.pad(sound.astype(np.float32), (int(dice.integers(0, 6_400)), 0))


def in_room(sound, dice):
    length = int(dice.uniform(0.02, 0.3) * RATE)
    echo = dice.standard_normal(length) * np.exp(-np.arange(length) / (length / 5))
    echo *= dice.uniform(0.05, 0.4) / np.sqrt((echo**2).sum())
    echo[0] = 1
    size = 1 << int(np.ceil(np.log2(len(sound) + length)))
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size), size)[: len(sound)].astype(np.float32)


def through_microphone(sound, dice):
    spectrum = np.fft.rfft(sound)
    tilt = np.exp(dice.uniform(-1.4, 1.4) * (np.linspace(0, 1, len(spectrum)) * 2 - 1))
    if dice.random() < 0.3:
        frequency = np.linspace(0, RATE / 2, len(spectrum))
        tilt = tilt * ((frequency > dice.uniform(50, 300)) & (frequency < dice.uniform(3_400, 8_000)))
    return np.fft.irfft(spectrum * tilt, len(sound)).astype(np.float32)


def masked(spectrogram, dice):
    """Some bands and a moment are blotted out (SpecAugment, Park et al. 2019)."""
    for one in spectrogram:
        mean = one.mean()
        for _ in range(2):
            width = int(dice.integers(0, 12))
            at = int(dice.integers(0, 80 - width))
            one[at : at + width] = mean
        width = int(dice.integers(0, 14))
        at = int(dice.integers(0, max(1, one.shape[1] - width)))
        one[:, at : at + width] = mean
    return spectrogram
