"""Weights that make a probability of the planner's evidence, from rows that `hark eval --rows` wrote of held-back
commands; a logistic regression, judged on folds that it was not fitted to."""

import argparse
import json
from pathlib import Path

import numpy as np

NAMES = ["mean", "least", "sum", "mass", "furtherStep", "act", "ask", "nothing"]


def features(row):
    evidence, decided = row["evidence"], row["decided"]
    asks, nothing = decided.startswith("asks"), decided.startswith("nothing")
    steps = 0 if asks or nothing else len(json.loads(decided))
    kind = [float(not asks and not nothing), float(asks), float(nothing)]
    return [evidence["mean"], evidence["least"], evidence["sum"], evidence["mass"], max(0, steps - 1.0), *kind]


def fitted(x, y, ridge=1.0, rounds=50):
    """Newton's method; the weights of evidence may not fall below 0: more doubt is never more certainty."""
    weights = np.zeros(x.shape[1])
    allowed = np.ones(x.shape[1], bool)
    for _ in range(3):
        for _ in range(rounds):
            p = 1 / (1 + np.exp(-x @ weights))
            gradient = x.T @ (p - y) + ridge * weights
            curve = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(weights))
            step = np.zeros(len(weights))
            step[allowed] = np.linalg.solve(curve[np.ix_(allowed, allowed)], gradient[allowed])
            weights -= step
        negative = (weights[:4] < 0).nonzero()[0]
        allowed[negative], weights[negative] = False, 0
    return weights


def error(sure, right, bins=10):
    places = np.minimum((sure * bins).astype(int), bins - 1)
    return sum(abs((sure - right)[places == n].sum()) for n in range(bins)) / len(sure)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    rows = [json.loads(line) for path in chosen.rows for line in path.open()]
    rows = [row for row in rows if row["evidence"]]
    x = np.array([features(row) for row in rows])
    y = np.array([row["verdict"] == "Right" for row in rows], float)
    fold = np.random.default_rng(3).permutation(len(rows)) % 5
    sure = np.zeros(len(rows))
    for n in range(5):
        sure[fold == n] = 1 / (1 + np.exp(-x[fold == n] @ fitted(x[fold != n], y[fold != n])))
    print(f"{len(rows)} rows, {y.mean():.3f} right; calibration error on folds not fitted to: {error(sure, y):.3f}")
    order = np.argsort(-sure)
    for coverage in (0.5, 0.7, 0.9):
        kept = order[: int(len(rows) * coverage)]
        print(f"right among the surest {coverage:.0%}: {y[kept].mean():.3f} (down to {sure[kept].min():.2f})")
    weights = dict(zip(NAMES, (round(float(w), 4) for w in fitted(x, y))))
    print(json.dumps(weights))
    if chosen.out:
        chosen.out.write_text(json.dumps(weights, indent=2) + "\n")


if __name__ == "__main__":
    main()
