"""What a token sees, and where it stands."""

import unittest

import numpy as np
import torch

from recipe import calibrate, train
from recipe.data import RESTS


class Network(unittest.TestCase):
    def test_blocks_do_not_see_each_other_and_rests_see_all_blocks(self):
        parts = torch.tensor([[0, 1, 2, 2, RESTS, RESTS + 1]])
        seen = train.seen(parts, torch.tensor([False]))[0, 0].int().tolist()
        self.assertEqual(seen, [
            [1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0], [1, 0, 1, 1, 0, 0],
            [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 1],
        ])
        plain = train.seen(parts, torch.tensor([True]))[0, 0].int().tolist()
        self.assertEqual(plain[2], [1, 1, 1, 0, 0, 0])

    def test_blocks_begin_behind_the_head_and_rests_behind_the_longest_block(self):
        parts = np.array([0, 0, 1, 2, 2, 2, RESTS, RESTS, RESTS + 1])
        self.assertEqual(train.places(parts, False).tolist(), [0, 1, 2, 2, 3, 4, 5, 6, 5])
        self.assertEqual(train.places(parts, True).tolist(), [0, 1, 2, 3, 4, 5, 6, 7, 6])

    def test_a_calibration_finds_the_weights_that_made_the_rows(self):
        dice = np.random.default_rng(1)
        doubt = -dice.exponential(1, (20_000, 4))
        kind = np.eye(3)[dice.integers(0, 3, 20_000)]
        x = np.hstack([doubt, np.zeros((20_000, 1)), kind])
        true = np.array([1.0, 0.0, 0.5, 0.2, 0.0, 2.0, 1.0, 1.5])
        y = (dice.random(20_000) < 1 / (1 + np.exp(-x @ true))).astype(float)
        found = calibrate.fitted(x, y)
        np.testing.assert_allclose(found, true, atol=0.15)
        self.assertLess(calibrate.error(1 / (1 + np.exp(-x @ found)), y), 0.02)
