"""Prompts and answers have the form that Hark itself writes."""

import json
import unittest
from pathlib import Path

from recipe import form, ranker

SHARED = json.loads((Path(__file__).parents[4] / "fixtures" / "planner" / "form.json").read_text())


class Form(unittest.TestCase):
    def test_blocks_are_those_of_hark(self):
        self.assertTrue(form.HEAD.endswith(SHARED["head"]))
        for one in SHARED["blocks"]:
            self.assertEqual(form.block(one["tool"]), one["block"])
            self.assertEqual(ranker.shown(one["tool"]), one["ranked"])

    def test_rests_are_those_of_hark(self):
        for one in SHARED["rests"]:
            written = form.rest(one["command"], one["turns"], one["pending"])
            self.assertIn(one["rest"] + "<|im_end|>\n<|im_start|>assistant\n", written)

    def test_answers_have_required_arguments_first_and_no_blanks(self):
        tool = {"service": "s", "name": "t", "inputSchema": {"properties": {"a": {}, "b": {}}, "required": ["b"]}}
        self.assertEqual(
            form.answer([(tool, {"a": 1, "b": "x y"})]),
            '{"selectedTools":[{"service":"s","tool":"t","params":{"b":"x y","a":1}}]}',
        )
        self.assertEqual(form.answer([]), '{"selectedTools":[]}')
        self.assertTrue(form.answer([(tool, {})], asks=True).endswith('}],"needsClarification":true}'))
