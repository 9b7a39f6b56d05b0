"""Scenes are right: an answer names only tools that are shown, and copies what was said."""

import json
import random
import re
import unittest

from recipe import noise, scenes, sources


def pool():
    made = sources.Pool()
    text = {"type": "string"}
    for service, tool, described in [
        ("lights", "switch_on", "Switch a lamp on."), ("lights", "dim_lamp", "Dim a lamp."),
        ("notes", "write_note", "Write a note."), ("radio", "play_station", "Play a station."),
    ]:
        made.add_service("t", {"name": service, "tools": [{"name": tool, "description": described, "inputSchema": {
            "type": "object", "properties": {"what": text | {"description": "Which one."}}, "required": ["what"],
        }}]})
        for value in ("the Big One", "number 3", "that"):
            made.commands.append(sources.Command(f"{tool.split('_')[0]} {value}", [(f"t/{service}.{tool}", {"what": value})], source="t"))
    return made


class Scenes(unittest.TestCase):
    def test_answers_name_only_tools_that_are_shown_and_copy_what_was_said(self):
        found, dice = pool(), random.Random(1)
        maker = scenes.Maker(found)
        answers = 0
        for _ in range(60):
            scene = maker.scene(dice.choice(found.commands), dice)
            shown = {re.match(r"([^(]+)\(", block)[1] for block in scene.blocks}
            for rest, answer in scene.asked:
                for step in json.loads(answer)["selectedTools"]:
                    answers += 1
                    self.assertIn(f"{step['service']}.{step['tool']}", shown)
                    for value in step["params"].values():
                        self.assertIn(value, rest)
        self.assertGreater(answers, 60)

    def test_noise_changes_text_and_values_alike(self):
        tools = {"k": {"inputSchema": {"properties": {"what": {"type": "string"}, "mode": {"enum": ["Fast"]}}}}}
        for seed in range(40):
            text, steps = noise.apply("Play The Blue Danube, Fast!", [("k", {"what": "The Blue Danube", "mode": "Fast"})], tools, random.Random(seed))
            self.assertIn(steps[0][1]["what"], text)
            self.assertEqual(steps[0][1]["mode"], "Fast")
