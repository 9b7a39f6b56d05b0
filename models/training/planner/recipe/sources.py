"""Everything that is learned from, in one shape: tools, and commands with what should come of them."""

import copy
import importlib.util
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import yaml


@dataclass
class Command:
    text: str
    # Pairs of a tool's key and its arguments; none: nothing fits.
    steps: list = field(default_factory=list)
    # Where an argument is missing: the one step has what is known.
    missing: str | None = None
    # Written with capitals and marks, as typed; else nothing is known of it.
    source: str = ""
    # Earlier turns, pairs of said and answered; a question that waits: tool's key, missing, known.
    turns: tuple = ()
    pending: tuple | None = None


@dataclass
class Pool:
    """Tools by key `source/service.name`, services by `source/service`, and commands."""

    tools: dict = field(default_factory=dict)
    services: dict = field(default_factory=lambda: defaultdict(list))
    commands: list = field(default_factory=list)

    def add_service(self, source, service):
        for tool in service["tools"]:
            key = f"{source}/{service['name']}.{tool['name']}"
            if key not in self.tools:
                self.services[f"{source}/{service['name']}"].append(key)
            self.tools[key] = {
                "service": service["name"], "name": tool["name"], "description": tool.get("description") or "",
                "inputSchema": tool.get("inputSchema") or {"type": "object"},
            }


def first_accepted(params):
    """One argument of each list of accepted ones; what may be left out is left out."""
    chosen = {}
    for name, values in params.items():
        if "" in values:
            continue
        value = values[0]
        chosen[name] = {"$step": value["$step"]} if isinstance(value, dict) and "$step" in value else value
    return chosen


def rows(pool, path, source, registry=None):
    """A file of rows in the shape of the data's README."""
    for line in open(path):
        row = json.loads(line)
        origin = source
        if "services" in row:
            origin = f"{source}:{row['id']}"
            for service in row["services"]:
                pool.add_service(origin, service)
        gold = row["gold"]
        if gold.get("none"):
            pool.commands.append(Command(row["utterance"], source=origin))
        elif "steps" in gold:
            steps = []
            for step in gold["steps"]:
                key = f"{origin}/{step['service']}.{step['tool']}"
                known = pool.tools[key]["inputSchema"].get("properties") or {}
                params = first_accepted(step["params"]).items()
                steps.append((key, {n: as_said(row["utterance"], v, known.get(n)) for n, v in params}))
            pool.commands.append(Command(row["utterance"], steps, source=origin))


def as_said(text, value, schema):
    """A value in the spelling of the command that it was copied from."""
    if isinstance(value, str) and value and "enum" not in (schema or {}):
        at = text.lower().find(value.lower())
        if at >= 0 and len(text.lower()) == len(text):
            return text[at : at + len(value)]
    return value


def expander(data):
    spec = importlib.util.spec_from_file_location("expand", Path(data) / "authored" / "expand.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def simple(schema):
    """A property as the authored files have it: one type."""
    schema = dict(schema)
    if "anyOf" in schema:
        schema |= next((b for b in schema.pop("anyOf") if b.get("type") != "null"), {})
    type_ = schema.get("type", "string")
    if isinstance(type_, list):
        type_ = next((t for t in type_ if t != "null"), "string")
    return schema | {"type": type_}


def authored(pool, expand, paths, registries, fillings, seed, source=None):
    """Templates, each filled several times. A file may leave its tools' definitions to a registry."""
    folder = expand.Folder("/nonexistent")
    real = {}
    for path in paths:
        service = yaml.safe_load(Path(path).read_text())
        if "registry" in service:
            known = registries[service["registry"], service["service"]]
            by_name = {tool["name"]: tool for tool in known["tools"]}
            real[service["service"]] = known
            for tool in service["tools"]:
                schema = by_name[tool["name"]]["inputSchema"]
                required = schema.get("required") or []
                tool["description"] = by_name[tool["name"]].get("description", "")
                tool["params"] = {
                    name: simple(one) | ({"required": True} if name in required else {})
                    for name, one in (schema.get("properties") or {}).items()
                }
        service["_file"] = Path(path).name
        folder.services[service["service"]] = service
    source = source or (f"authored:{Path(paths[0]).parent.name}" if paths else "")
    for service in folder.services.values():
        # Tools of a service that is held back are no part of a chain.
        service["chains"] = [
            chain for chain in service.get("chains") or [] if all(folder.tool(service, s["tool"])[0] for s in chain["steps"])
        ]
    dice = random.Random(seed)
    for name, service in folder.services.items():
        pool.add_service(source, real.get(name) or folder.mcp(service))
        seen = set()
        for _ in range(fillings):
            try:
                made = list(filled(expand, folder, service, source, dice))
            except Exception as error:
                print(f"{service['_file']}: {error}")
                break
            for command in made:
                mark = (command.text, bool(command.turns))
                if mark not in seen:
                    seen.add(mark)
                    pool.commands.append(command)


def filled(expand, folder, service, source, dice):
    """Every template of a service once, and conversations made of them."""
    key = lambda tool: f"{source}/{service['service']}.{tool['name']}"
    for text, gold in folder.rows_of(service, dice):
        if "ask" not in gold:
            steps = [(f"{source}/{s['service']}.{s['tool']}", first_accepted(s["params"])) for s in gold.get("steps", [])]
            yield Command(text, steps, source=source)
    for tool in service["tools"]:
        required = [n for n, p in (tool.get("params") or {}).items() if p.get("required")]
        says = [(s, {}) if isinstance(s, str) else (s["say"], s.get("with", {})) for s in tool.get("say", [])]
        for ask in tool.get("ask", []):
            text, chosen = expand.fill(ask["say"], dice)
            known = folder.args(tool, chosen, ask.get("with"))
            yield Command(text, [(key(tool), known)], missing=ask["missing"], source=source)
            # The answer to the question.
            values = [m for s, _ in says for m in expand.SLOT.finditer(s) if m[1] == ask["missing"]]
            others = [n for n in required if n not in known and n != ask["missing"]]
            if values and not others:
                spoken, value, _ = dice.choice(expand.alternatives(dice.choice(values)[2]))
                value = expand.typed(value, tool["params"][ask["missing"]])
                said = dice.choice(["{}", "{}", "{}", "{} please", "make it {}", "it's {}", "the {}", "i said {}"]).format(spoken)
                wanted = ask["missing"].replace("_", " ")
                question = f"To {tool['name'].replace('_', ' ')}, I need the {wanted}. What should it be?"
                yield Command(
                    said, [(key(tool), known | {ask["missing"]: value})], source=source,
                    turns=((text, question),), pending=(key(tool), ask["missing"], known),
                )
        # "make it four", "no, the kitchen": one argument of the turn before is another one.
        for template, implied in dice.sample(says, min(2, len(says))):
            slots = [m[1] for m in expand.SLOT.finditer(template)]
            if not slots:
                continue
            text, chosen = expand.fill(template, dice)
            slot = dice.choice(slots)
            body = next(m[2] for m in expand.SLOT.finditer(template) if m[1] == slot)
            options = [o for o in expand.alternatives(body) if o[1] != chosen[slot]]
            if not options or slot not in (tool.get("params") or {}):
                continue
            spoken, value, _ = dice.choice(options)
            before = folder.args(tool, chosen, implied)
            after = before | {slot: expand.typed(value, tool["params"][slot])}
            said = dice.choice([
                "make it {}", "no {}", "no, i meant {}", "now {}", "and {} too", "what about {}", "the same for {}",
                "change it to {}", "{} instead", "i meant {}", "yes but {}", "and {}", "actually {}", "do {} as well",
            ]).format(spoken)
            done = dice.choice(["Done.", "OK.", f"I did {tool['name'].replace('_', ' ')}.", "That is done.", "Here it is."])
            yield Command(said, [(key(tool), after)], source=source, turns=((text, done),))


def registries(data, further=()):
    found = {}
    for path in [*Path(data, "registries").glob("*.json"), *further]:
        for service in json.loads(Path(path).read_text())["services"]:
            found[Path(path).name.split(".")[0], service["name"]] = service
    return found
