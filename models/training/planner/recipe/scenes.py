"""Scenes: some tools side by side and several commands to them, each with the answer that is right there.

The commands of a scene share its tools, so that these are read once for all of them.
"""

import math
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from . import form, noise
from .sources import Command

# A tool alike to the right one, of another service, might be as right.
TOO_ALIKE = 0.42
# The source of commands over the tools that come with Hark.
OWN = "authored:own"
# Tools that may answer nearly any question.
_ANSWERS = re.compile(r"search|ask|query|wiki|answer|chat|lookup|calc|fetch|navigate|define|translate", re.I)


@dataclass
class Scene:
    blocks: list
    # Pairs of the rest of the prompt and the answer.
    asked: list
    is_plain: bool


class Maker:
    def __init__(self, pool, commands=5):
        """`commands`: so many a scene."""
        self.pool, self.commands = pool, commands
        self.service_of = {key: name for name, keys in pool.services.items() for key in keys}
        # Registries whose rows name their own few tools are a world of their own.
        self.roaming = [k for k in pool.tools if ":seal" not in k and not k.startswith("seal")]
        self.by_tool, self.nothing, self.strangers = defaultdict(list), defaultdict(list), []
        for command in pool.commands:
            if command.steps:
                for key, _ in command.steps:
                    self.by_tool[key].append(command)
            elif command.source == "clinc":
                self.strangers.append(command)
            else:
                self.nothing[command.source].append(command)
        self.vectors()

    def vectors(self):
        words = {}
        for key in self.pool.tools:
            tool = self.pool.tools[key]
            text = re.sub(r"([a-z])([A-Z])", r"\1 \2", tool["name"]) + " " + tool["description"][:200] + " " + " ".join(
                (tool["inputSchema"].get("properties") or {}))
            words[key] = Counter(w[:6] for w in re.findall(r"[a-z]{3,}", text.replace("_", " ").lower()))
        seen = Counter(w for counts in words.values() for w in counts)
        rarity = {w: math.log(len(words) / n) for w, n in seen.items()}
        self.vector = {}
        for key, counts in words.items():
            weights = {w: (1 + math.log(n)) * rarity[w] for w, n in counts.items()}
            size = math.sqrt(sum(v * v for v in weights.values())) or 1
            self.vector[key] = {w: v / size for w, v in weights.items()}
        self.postings = defaultdict(list)
        for key in self.roaming:
            for word in self.vector[key]:
                if seen[word] < 200:
                    self.postings[word].append(key)

    def alike(self, one, other):
        a, b = self.vector[one], self.vector[other]
        if len(b) < len(a):
            a, b = b, a
        return sum(v * b.get(w, 0) for w, v in a.items())

    def near(self, key, dice):
        """A tool of another service that shares a word with this one, but is not much like it."""
        words = [w for w in self.vector[key] if self.postings[w]]
        return dice.choice(self.postings[dice.choice(words)]) if words else dice.choice(self.roaming)

    def scene(self, seed_command, dice):
        chosen = list(dict.fromkeys(key for key, _ in seed_command.steps))
        service = self.service_of[chosen[0]] if chosen else None
        own = [k for k in self.pool.services[service] if k not in chosen] if service else []
        most = dice.choice([1, 2, 3, 4, 6, 6, 8, 8, 8, 10, 10, 12, 16])
        if service and (":seal" in service or service.startswith("seal")):
            source = seed_command.source
            own = [k for s, keys in self.pool.services.items() if s.startswith(source + "/") for k in keys if k not in chosen]
            most = max(most, 4)
        dice.shuffle(own)
        if service and service.startswith(OWN):
            # Its neighbours in use are those that a ranking by words would pick from all of Hark's own tools.
            own = [k for s, keys in self.pool.services.items() if s.startswith(OWN) for k in keys if k not in chosen]
            own.sort(key=lambda k: -self.alike(k, chosen[0]) + dice.uniform(0, 0.3))
            most = max(most, dice.choice([4, 6, 8, 12]))
        keys = chosen + own[: max(0, min(len(own), round((most - len(chosen)) * dice.uniform(0.2, 1.0))))]
        for _ in range(20 * most):
            if len(keys) >= most:
                break
            anchor = dice.choice(keys) if keys else dice.choice(self.roaming)
            key = self.near(anchor, dice) if dice.random() < 0.55 else dice.choice(self.roaming)
            # Some of its neighbours come along, as they would in a registry.
            more = [key] + (dice.sample(self.pool.services[self.service_of[key]], min(2, len(self.pool.services[self.service_of[key]]))) if dice.random() < 0.4 else [])
            for one in more:
                names = {(self.pool.tools[k]["service"], self.pool.tools[k]["name"]) for k in keys}
                tool = self.pool.tools[one]
                strange = self.service_of[one] not in {self.service_of[k] for k in keys}
                if len(keys) < most and (tool["service"], tool["name"]) not in names and not (
                    strange and any(self.alike(one, k) > TOO_ALIKE for k in keys)
                ):
                    keys.append(one)
        dice.shuffle(keys)
        return self.fill(keys, seed_command, dice, self.commands)

    def fill(self, keys, seed_command, dice, most):
        present, services = set(keys), {self.service_of[k] for k in keys}
        commands = [seed_command]
        with_rows = [k for k in keys if self.by_tool[k]]
        for _ in range(most - 1):
            chance = dice.random()
            if chance < 0.68 and with_rows:
                command = dice.choice(self.by_tool[dice.choice(with_rows)])
                if not all(k in present for k, _ in command.steps):
                    continue
            elif chance < 0.78 and self.strangers:
                if any(_ANSWERS.search(self.pool.tools[k]["name"]) for k in keys):
                    continue
                command = dice.choice(self.strangers)
            elif chance < 0.88:
                # A sibling of these tools that is not here, or something else altogether: nothing here does it.
                command = self.absent(present, services, dice)
                if command is None:
                    continue
            else:
                sources = [c for s in services for c in self.nothing[s.split("/")[0]] if s.split("/")[0].startswith("authored")]
                if not sources:
                    continue
                command = dice.choice(sources)
            commands.append(command)
        if len(commands) >= 2 and dice.random() < 0.35:
            joined = self.joined([c for c in commands if c.steps and not c.missing and not c.turns and all(k in present for k, _ in c.steps)], dice)
            if joined:
                commands.append(joined)
        return self.rendered(keys, commands, dice)

    def absent(self, present, services, dice):
        """A command whose tool is not shown, and is not like any that is."""
        for _ in range(4):
            if dice.random() < 0.5:
                pool = [k for s in services for k in self.pool.services[s] if k not in present]
            else:
                pool = [dice.choice(self.roaming)]
            if not pool:
                continue
            key = dice.choice(pool)
            if not self.by_tool[key] or any(self.alike(key, other) > 0.3 for other in present):
                continue
            command = dice.choice(self.by_tool[key])
            if command.turns or any(k in present for k, _ in command.steps):
                continue
            return Command(command.text, source=command.source)
        return None

    def joined(self, commands, dice):
        """Two or three commands in one sentence, as one plan."""
        # The same tool twice with other values, now and then.
        some = dice.sample(commands, min(len(commands), dice.choice([2, 2, 2, 3]))) if len(commands) > 1 else []
        if commands and dice.random() < 0.4:
            first = dice.choice(commands)
            if len(first.steps) == 1:
                others = [c for c in self.by_tool[first.steps[0][0]] if len(c.steps) == 1 and not c.missing and not c.turns and c.text != first.text]
                some = [first] + dice.sample(others, min(len(others), dice.choice([1, 1, 2])))
        if len(some) < 2 or sum(len(c.text) for c in some) > 300:
            return None
        text, steps = "", []
        for number, command in enumerate(some):
            if number:
                text = text.rstrip(".!?") + dice.choice([" and ", " and then ", ", then ", ". ", ". also ", " and also ", ", and "])
            text += command.text
            offset = len(steps)
            for key, params in command.steps:
                steps.append((key, {
                    n: {"$step": v["$step"] + offset} if isinstance(v, dict) and "$step" in v else v for n, v in params.items()
                }))
        return Command(text, steps, source=some[0].source)

    def rendered(self, keys, commands, dice):
        tools = {k: self.pool.tools[k] for k in keys}
        masked, names = tools, {k: {} for k in keys}
        if dice.random() < 0.3:
            masked, names = disguised(tools, dice)
        asked, seen = [], set()
        for command in commands:
            text, steps = command.text, command.steps
            steps = [(k, p) for k, p in steps if k in tools]
            if not command.turns and dice.random() < 0.4:
                text, steps = noise.apply(text, steps, tools, dice)
            if text in seen or len(text) > 700:
                continue
            seen.add(text)
            renamed = lambda key, params: {names[key].get(n, n): v for n, v in params.items()}
            named = lambda key: f"{masked[key]['service']}.{masked[key]['name']}"
            pending = None
            if command.pending:
                key, missing, known = command.pending
                if key not in tools:
                    continue
                pending = named(key), names[key].get(missing, missing), form.arranged(masked[key], renamed(key, known))
            answer = form.answer([(masked[k], renamed(k, p)) for k, p in steps], asks=command.missing is not None)
            asked.append((form.rest(text, command.turns, pending), answer))
        return Scene([form.block(masked[k]) for k in keys], asked, dice.random() < 0.2)


_SYLLABLES = ["ba", "ko", "ri", "nu", "te", "sol", "ven", "mar", "du", "li", "pa", "zen", "qu", "fi", "ga", "hox"]


def disguised(tools, dice):
    """The same tools under names that say nothing, so that descriptions are read (Hammer, Lin et al. 2024)."""
    new, names = {}, {}
    for key, tool in tools.items():
        word = lambda: "".join(dice.choice(_SYLLABLES) for _ in range(dice.choice([2, 2, 3])))
        schema = dict(tool["inputSchema"])
        properties, renamed = {}, {}
        for name, one in (schema.get("properties") or {}).items():
            if dice.random() < 0.6 and isinstance(one, dict):
                renamed[name] = word()
                while renamed[name] in properties:
                    renamed[name] = word()
                told = one.get("description") or re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ")
                properties[renamed[name]] = one | {"description": told}
            else:
                properties[name] = one
        schema["properties"] = properties
        if "required" in schema:
            schema["required"] = [renamed.get(n, n) for n in schema["required"]]
        told = tool["description"] or re.sub(r"([a-z])([A-Z])", r"\1 \2", tool["name"]).replace("_", " ")
        name = word() if dice.random() < 0.7 else tool["name"]
        new[key] = tool | {"name": name, "description": told, "inputSchema": schema}
        names[key] = renamed
    return new, names
