"""Which sources there are, which commands are held back, and how often each is seen."""

import hashlib
import random
from pathlib import Path

from . import sources
from .scenes import OWN

# Services that are never trained on: what the planner makes of new ones is told by these.
UNSEEN = {"wallbox", "range_oven", "sleepwell", "parkeasy", "esign", "phone", "radio", "astronomy", "oncall", "dns", "drone", "law_firm"}


def is_held_back(text):
    """One command in ten, by its words alone."""
    words = "".join(c for c in text.lower() if c.isalnum())
    return int(hashlib.sha256(words.encode()).hexdigest(), 16) % 10 == 0


def pool(data, own, own_registries, fillings=4, seed=7):
    """`own`: the folder of the project's own authored files, `own_registries`: that of the tools which they name."""
    data = Path(data)
    found = sources.Pool()
    registries = sources.registries(data, sorted(Path(own_registries).glob("*.registry.json")))
    for (registry, _), service in sources.registries(data).items():
        found.add_service({"assistant": "hwu64", "home_assistant": "ha"}.get(registry, registry), service)
    train = data / "train"
    sources.rows(found, train / "hwu64.jsonl", "hwu64")
    sources.rows(found, train / "snips.jsonl", "snips")
    sources.rows(found, train / "home_assistant.jsonl", "ha")
    sources.rows(found, train / "seal_tools.jsonl", "seal")
    sources.rows(found, train / "clinc_out_of_scope.jsonl", "clinc")
    expand = sources.expander(data)
    folders = [p for p in sorted((data / "authored").iterdir()) if p.is_dir()]
    for folder in folders:
        paths = [p for p in sorted(folder.glob("*.yaml")) if p.stem not in UNSEEN]
        sources.authored(found, expand, paths, registries, fillings, seed)
    sources.authored(found, expand, sorted(Path(own).glob("*.yaml")), registries, 3 * fillings, seed, OWN)
    found.commands = [c for c in found.commands if not is_held_back(c.text)]
    return found


def seeds(found, dice, most=None, own_share=None):
    """The numbers of the commands that scenes are made around, by how much each source has to teach. Where `own_share`
    is given, that share of them is over the tools that come with Hark."""
    own, others = [], []
    times = {"hwu64": 1.5, "snips": 0.5, "ha": 4, "clinc": 1, "seal": 6}
    for number, command in enumerate(found.commands):
        is_own = command.source == OWN
        often = 2 if is_own else times.get(command.source.split(":")[0], 1)
        (own if is_own else others).extend([number] * (int(often) + (dice.random() < often % 1)))
    dice.shuffle(own)
    dice.shuffle(others)
    if own_share is not None:
        most = most or len(own) + len(others)
        own, others = own[: round(most * own_share)], others[: round(most * (1 - own_share))]
    chosen = own + others
    dice.shuffle(chosen)
    return chosen[:most]


def held_back(data):
    """What is never trained on: commands of known services, and services that are new."""
    data, expand = Path(data), sources.expander(data)
    known, unseen = sources.Pool(), sources.Pool()
    registries = sources.registries(data)
    for (registry, _), service in registries.items():
        known.add_service({"assistant": "hwu64", "home_assistant": "ha"}.get(registry, registry), service)
    sources.rows(known, data / "train" / "hwu64.jsonl", "hwu64")
    known.commands = [c for c in known.commands if is_held_back(c.text)]
    for folder in sorted(p for p in (data / "authored").iterdir() if p.is_dir()):
        paths = [p for p in sorted(folder.glob("*.yaml")) if p.stem in UNSEEN]
        if paths:
            sources.authored(unseen, expand, paths, registries, 1, 3)
    return {"known": known, "unseen": unseen}
