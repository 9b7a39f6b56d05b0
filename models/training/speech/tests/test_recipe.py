"""The recipe in the small: everything real, but for minutes where the long run has hours."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
import torch

from recipe import corpus, ggml, grammar, network, report, sound, texts, train, voices
from recipe.tokens import END, NO_TIMESTAMPS, START, Tokens
from recipe.written import spoken, written

SHIPPED = report.ROOT / "models/hark-mini-en.q8_0.bin"
SHAPE = {"width": 64, "heads": 2, "encoder_layers": 1, "decoder_layers": 1}


class Texts(unittest.TestCase):
    def test_are_the_same_each_time_and_each_once(self):
        words = ["apple", "river", "stone"]
        first, again = texts.made(200, 7, words), texts.made(200, 7, words)
        self.assertEqual(first, again)
        self.assertEqual(len(set(first)), 200)
        self.assertNotEqual(first, texts.made(200, 8, words))

    def test_every_rule_fills_all_its_places_with_words(self):
        for rule in grammar.RULES:
            for seed in range(5):
                said = grammar.fill(rule, random.Random(seed))
                self.assertRegex(said, r"^[a-z' ]+$", rule)

    def test_are_written_as_people_write(self):
        for said, text in [
            ("set a timer for ten minutes", "Set a timer for 10 minutes."),
            ("what is seventeen times four", "What is 17 times 4?"),
            ("wake me up at six thirty a m", "Wake me up at 6:30 AM."),
            ("set the lights to forty five percent", "Set the lights to 45%."),
            ("in nineteen eighty four", "In 1984."),
            ("two thousand and six people", "2006 people."),
            ("open notes dot text in new york", "Open notes.txt in New York."),
            ("call anna on monday", "Call Anna on Monday."),
        ]:
            self.assertEqual(written(said), text)

    def test_are_said_as_people_say_and_left_out_where_that_is_unclear(self):
        self.assertEqual(spoken("Set it to 40% at 7:05 pm!"), "set it to forty percent at seven oh five p m")
        self.assertEqual(spoken("the 3rd of May 1999"), "the third of may nineteen ninety nine")
        self.assertIsNone(spoken("play b m x"))
        self.assertIsNone(spoken("schön"))


class ModelFile(unittest.TestCase):
    def test_quantised_numbers_read_back_within_half_a_step(self):
        values = np.random.default_rng(1).normal(size=(8, 64)).astype(np.float32)
        back = ggml.dequantise(ggml.quantise(values), values.shape)
        steps = np.abs(values.reshape(-1, 32)).max(1, keepdims=True) / 127
        self.assertTrue((np.abs(values - back).reshape(-1, 32) <= steps * 0.51).all())
        self.assertEqual(ggml.quantise(back), ggml.quantise(values))

    def test_the_shipped_model_is_written_again_byte_for_byte(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.bin"
            ggml.write(copy, ggml.read(SHIPPED))
            self.assertEqual(copy.read_bytes(), SHIPPED.read_bytes())

    def test_a_network_with_the_shipped_weights_writes_what_whisper_cpp_writes(self):
        model = ggml.read(SHIPPED)
        net, coder = network.from_file(model).eval(), Tokens(model.words)
        samples = voices.espeak("turn on the kitchen lights", "en-us")
        sounds = np.pad(samples.astype(np.float32) / 32_768, (3_200, 4_800))
        spectrogram = sound.mel(torch.from_numpy(sounds[: len(sounds) // 320 * 320])[None], torch.from_numpy(model.filters))
        code = [START, NO_TIMESTAMPS]
        with torch.no_grad():
            heard = net.hear(spectrogram)
            while code[-1] != END and len(code) < 40:
                logits = net.write(torch.tensor([[net.known.index(token) for token in code]]), heard)
                code.append(net.known[int(logits[0, -1].argmax())])
        self.assertEqual(coder.text(code), "Turn on the kitchen lights.")


class Speech(unittest.TestCase):
    def test_held_back_voices_are_never_chosen(self):
        self.assertFalse({"f3", "Andrea", "m7", "linda"} & set(voices.variants()))
        self.assertGreater(len(voices.variants()), 50)

    def test_shards_that_are_there_are_not_said_again(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            lines = [f"set a timer for {word} minutes" for word in ("two", "three", "four", "five")]
            corpus.say(folder, lines, 5, 1)
            before = (folder / "00000.jsonl").stat().st_mtime_ns
            corpus.say(folder, lines, 5, 1)
            self.assertEqual((folder / "00000.jsonl").stat().st_mtime_ns, before)
            clips = corpus.read(folder)
            self.assertEqual(sorted(clip.text for clip in clips), sorted(lines))
            self.assertTrue(all(len(clip.samples) > 8_000 for clip in clips))


def small_material(coder):
    clips = [
        corpus.Clip(text, "made", voices.espeak(text, voice))
        for text in ("turn on the lights", "set a timer for ten minutes", "call anna")
        for voice in ("en-us", "en-gb", "en-us+m1", "en-us+f1", "en-gb+m3")
    ]
    return train.Material(clips, coder)


def train_small(work, minutes):
    """What the killed process runs, too."""
    model = ggml.read(SHIPPED)
    material = small_material(Tokens(model.words))
    plan = train.Plan(minutes, rate=2e-3, positions=1_500)
    return train.run(work, material, model.filters, plan, None, SHAPE)


class Training(unittest.TestCase):
    def test_a_batch_of_a_number_is_always_the_same(self):
        model = ggml.read(SHIPPED)
        material = small_material(Tokens(model.words))
        plan = train.Plan(1, positions=1_500)
        first = iter(train.Examples(material, material.tokens, model.filters, plan, 0))
        batches = [next(first)[0] for _ in range(4)]
        later = next(iter(train.Examples(material, material.tokens, model.filters, plan, 3)))[0]
        self.assertTrue(torch.equal(batches[3], later))

    def test_learns_survives_a_kill_and_is_heard_by_whisper_cpp(self):
        with tempfile.TemporaryDirectory() as work:
            code = f"from recipe import train; train.SAVE_EVERY = 3; from tests.test_recipe import train_small; train_small({work!r}, 5)"
            environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
            process = subprocess.Popen([sys.executable, "-c", code], env=environment, start_new_session=True)
            log = Path(work) / "train.jsonl"
            deadline = time.monotonic() + 120
            while not (log.exists() and len(log.read_text().splitlines()) >= 3):
                self.assertLess(time.monotonic(), deadline, "no checkpoint was written")
                self.assertIsNone(process.poll(), "training ended by itself")
                time.sleep(0.2)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            state = torch.load(Path(work) / "checkpoint.pt", weights_only=False)
            train_small(work, state["spent"] / 60 + 0.2)
            after = torch.load(Path(work) / "checkpoint.pt", weights_only=False)
            self.assertGreater(after["step"], state["step"])
            rows = [__import__("json").loads(line) for line in log.read_text().splitlines()]
            self.assertLess(rows[-1]["words"], rows[0]["words"])
            path = Path(work) / "model.bin"
            train.export(work, ggml.read(SHIPPED), path)
            wrong, words, _, _ = report.score(path, [(voices.espeak("call anna", "en-us"), "call anna")])
            self.assertEqual(words, 2)
            self.assertLessEqual(wrong, 40)


if __name__ == "__main__":
    unittest.main()
