"""The commands that were held back, as rated rows that `hark eval` reads: to calibrate and to compare with."""

import argparse
import json
import random
from pathlib import Path

from . import collect, sources


def gold(command):
    step = lambda key, params: {
        "service": key.split("/", 1)[1].split(".", 1)[0], "tool": key.split(".", 1)[1],
        "params": {name: [value] for name, value in params.items()},
    }
    if command.missing:
        key, _ = command.steps[0]
        named = step(key, {})
        return {"ask": {"service": named["service"], "tool": named["tool"], "missing": command.missing}}
    if not command.steps:
        return {"none": True}
    return {"steps": [step(*one) for one in command.steps]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    known = chosen.out / "hwu64.jsonl"
    with known.open("w") as file:
        for line in (chosen.data / "train" / "hwu64.jsonl").open():
            if collect.is_held_back(json.loads(line)["utterance"]):
                file.write(line)
    unseen = collect.held_back(chosen.data)["unseen"]
    # Questions that no tool answers, one for each eight commands.
    strangers = sources.Pool()
    sources.rows(strangers, chosen.data / "train" / "clinc_out_of_scope.jsonl", "clinc")
    strangers = [c for c in strangers.commands if collect.is_held_back(c.text)]
    dice = random.Random(5)
    commands = [c for c in unseen.commands if not c.turns]
    rows = commands + strangers[: len(commands) // 8]
    dice.shuffle(rows)
    with (chosen.out / "unseen.jsonl").open("w") as file:
        for number, command in enumerate(rows):
            row = {"id": f"unseen-{number}", "utterance": command.text, "registry": "unseen", "gold": gold(command)}
            file.write(json.dumps(row) + "\n")
    services = [
        {"name": name.split("/", 1)[1], "tools": [
            {key: unseen.tools[k][key] for key in ("name", "description", "inputSchema")} for k in keys
        ]}
        for name, keys in unseen.services.items()
    ]
    (chosen.out / "unseen.registry.json").write_text(json.dumps({"services": services}))
    # All authored services that are trained on: tools to put beside.
    data_pool = sources.Pool()
    expand = sources.expander(chosen.data)
    known = sources.registries(chosen.data)
    for folder in sorted(p for p in (chosen.data / "authored").iterdir() if p.is_dir()):
        paths = [p for p in sorted(folder.glob("*.yaml")) if p.stem not in collect.UNSEEN]
        sources.authored(data_pool, expand, paths, known, 0, 0)
    (chosen.out / "authored.registry.json").write_text(json.dumps({"services": [
        {"name": name.split("/", 1)[1], "tools": [
            {key: data_pool.tools[k][key] for key in ("name", "description", "inputSchema")} for k in keys
        ]}
        for name, keys in data_pool.services.items()
    ]}))
    print(len(rows), "rows over", sum(len(s["tools"]) for s in services), "tools of services never seen")


if __name__ == "__main__":
    main()
