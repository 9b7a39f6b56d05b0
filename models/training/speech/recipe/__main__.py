"""The stages, in order. What is there is not made again."""

import argparse
import os
from pathlib import Path

from . import corpus, ggml, report, texts, train, voices
from .tokens import Tokens

STAGES = ["text", "speech", "train", "export", "report"]
HELD_TEXTS = 100


def options():
    parser = argparse.ArgumentParser(prog="models/training/speech/make")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(STAGES)}; all where absent")
    parser.add_argument("--texts", action="append", default=[], help="a further file of texts, or of rows of JSON")
    parser.add_argument("--sentences", type=int, default=45_000, help="sentences that are made by rule")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes that say texts")
    parser.add_argument("--an4", help="the folder of CMU AN4; cloned where absent")
    parser.add_argument("--minutes", type=float, default=150, help="training, in all")
    parser.add_argument("--from", dest="start", default=str(report.ROOT / "models/hark-mini-en.q8_0.bin"),
                        help="begin with the weights of this model file; `nothing` for new ones")
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--encoder-layers", type=int, default=4)
    parser.add_argument("--decoder-layers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=3)
    chosen = parser.parse_args()
    if unknown := [stage for stage in chosen.stages if stage not in STAGES]:
        parser.error(f"there is no stage {unknown[0]}; there are {', '.join(STAGES)}")
    return chosen


def text(work, chosen):
    path = work / "texts.txt"
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_text("\n".join(texts.collect(chosen.sentences, chosen.seed, chosen.texts)) + "\n")
        os.replace(part, path)
    print(f"{path}: {sum(1 for _ in open(path))} texts")


def sentences(work):
    """Those to train on, and those kept back for the report."""
    listed = (work / "texts.txt").read_text().splitlines()
    return listed[HELD_TEXTS:], listed[:HELD_TEXTS]


def speech(work, chosen):
    corpus.say(work / "made", sentences(work)[0], chosen.seed, chosen.workers)
    human = work / "human"
    human.mkdir(exist_ok=True)
    if not (human / "an4.jsonl").exists():
        folder = voices.fetched_an4(work, chosen.an4)
        if folder is None:
            print("CMU AN4 can't be fetched, so that no people are in it; --an4 FOLDER names a copy")
        else:
            corpus.write(human, "an4", ((t, s, "human:an4") for t, s in voices.an4(folder, "train")))


def training(work, chosen):
    base = ggml.read(report.ROOT / "models/hark-mini-en.q8_0.bin")
    start = None if chosen.start == "nothing" else ggml.read(chosen.start)
    clips = corpus.read(work / "made") + corpus.read(work / "human")
    material = train.Material(clips, Tokens(base.words))
    hours = sum(len(clip.samples) for clip, _ in material.rows) / voices.RATE / 3600
    print(f"{len(material.rows)} clips, {hours:.1f} hours, {len(material.tokens)} tokens", flush=True)
    shape = {
        "width": chosen.width, "heads": chosen.heads, "encoder_layers": chosen.encoder_layers,
        "decoder_layers": chosen.decoder_layers,
    }
    plan = train.Plan(chosen.minutes, chosen.rate, seed=chosen.seed)
    train.run(work, material, base.filters, plan, start, shape)


def export(work, _):
    base = ggml.read(report.ROOT / "models/hark-mini-en.q8_0.bin")
    path = work / "model.q8_0.bin"
    train.export(work, base, path)
    print(f"{path}: {path.stat().st_size} bytes (40,000,000 at most)")


def reporting(work, chosen):
    models = {"shipped": report.ROOT / "models/hark-mini-en.q8_0.bin"}
    if (work / "model.q8_0.bin").exists():
        models["new"] = work / "model.q8_0.bin"
    found = report.sets(work, sentences(work)[1], voices.fetched_an4(work, chosen.an4))
    table = report.table(models, found)
    (work / "report.md").write_text(table + "\n")
    print(table)


def main():
    chosen = options()
    work = Path(os.environ["HARK_TRAINING_DIR"])
    stages = {"text": text, "speech": speech, "train": training, "export": export, "report": reporting}
    for stage in chosen.stages or STAGES:
        stages[stage](work, chosen)


main()
