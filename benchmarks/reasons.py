"""Reasons: what a code frame is worth beside a trained model, and how fast it codes comments.

`--quality`: on comments coded by people (LOOPBACK_SHARED or ../shared): the frame as it is, the
frame once audited with 200 and 1,000 of them, and a TF-IDF logistic regression trained on the same
200 and 1,000, all on the same rest. `--speed`: `loopback reasons code` from Parquet to Parquet at a
million texts and 300 terms, beside a regex union in Polars and a matcher in Python for each text,
and the cost of more terms. Seconds are of the processor; the texts per second of all are alike.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from loopback.folding import folded, normalised
from loopback.frame import CodeFrame, Reason, read_frame
from loopback.reasons.agreement import overall, reasons_quality, terms_quality, to_drop
from loopback.reasons.matches import matches, pairs, texts_of

DATA = Path(os.environ.get("LOOPBACK_SHARED") or "../shared") / "data" / "text"
SETS = ("nhs", "phone_en", "phone_de", "phone_da", "phone_fr", "phone_es")
LABELLED = (200, 1000)
FOLDS = 4
THRESHOLDS = [step / 20 for step in range(2, 13)]
TEXTS, TERMS, LENGTH = 1_000_000, 300, 87
FEW = 20_000  # texts for the slow ways
SHORTEST = 4  # letters of a word that is taken for a term
MANY_TERMS = (30, 300, 3_000, 10_000)


class Labelled(NamedTuple):
    """Comments with what people said, and what the frame finds: place, reason, term."""

    texts: list[str]
    given: list[set[str]]
    found: pl.DataFrame
    reasons: list[str]


def labelled(name: str) -> Labelled:
    """Return all rows of a set."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    frame = read_frame(DATA / "frames" / f"{name}.toml")
    texts = pl.DataFrame(
        {"comment": [r["text"] for r in rows], "language": [r["lang"] for r in rows]}
    )
    found = matches(texts_of(texts, frame), frame).join(pairs(frame), "pair")
    return Labelled(
        texts["comment"].to_list(), [set(r["human"]) for r in rows], found, list(frame.labels)
    )


def people(data: Labelled, places: list[int]) -> pl.DataFrame:
    """Return the reasons that people gave at some places."""
    rows = [(place, reason) for place in places for reason in sorted(data.given[place])]
    return pl.DataFrame(rows, schema={"place": pl.UInt32, "reason": pl.String}, orient="row")


def measures(found: pl.DataFrame, data: Labelled, places: list[int]) -> tuple[float, float]:
    """Return micro and macro F1 of reasons found at some places."""
    here = pl.col("place").is_in(places)
    once = found.filter(here).select("place", "reason").unique()
    whole = overall(reasons_quality(once, people(data, places), data.reasons, len(places)))
    return whole["micro_f1"] or 0.0, whole["macro_f1"] or 0.0


def audited(data: Labelled, seen: list[int]) -> pl.DataFrame:
    """Return what the frame finds without the terms that the seen texts show to be poor."""
    here = data.found.filter(pl.col("place").is_in(seen))
    return data.found.join(
        to_drop(terms_quality(here, people(data, seen))), ["reason", "term"], how="anti"
    )


def trained(data: Labelled, seen: list[int], rest: list[int]) -> pl.DataFrame:
    """Return what a model finds in the rest: one-vs-rest, its threshold by cross-validation."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union

    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True),
        ),
        OneVsRestClassifier(LogisticRegression(solver="liblinear", C=10, class_weight="balanced")),
    )
    known = [r for r in data.reasons if 0 < sum(r in data.given[p] for p in seen) < len(seen)]
    texts = [data.texts[place] for place in seen]
    target = np.array([[r in data.given[place] for r in known] for place in seen], dtype=int)
    folds = cross_val_predict(model, texts, target, cv=FOLDS, method="predict_proba")

    def f1(threshold: float) -> float:
        said = folds >= threshold
        return 2 * float((said & (target == 1)).sum()) / float(said.sum() + target.sum())

    model.fit(texts, target)
    said = model.predict_proba([data.texts[place] for place in rest]) >= max(THRESHOLDS, key=f1)
    rows = [(rest[row], known[column]) for row, column in zip(*np.nonzero(said), strict=True)]
    return pl.DataFrame(rows, schema={"place": pl.UInt32, "reason": pl.String}, orient="row")


def quality(sets: list[str], draws: int, *, model: bool) -> None:
    """Print micro / macro F1 of each way, the mean of the draws."""
    names = ["frame"] + [f"audit {n}" for n in LABELLED] + [f"model {n}" for n in LABELLED] * model
    print("| set | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for name in sets:
        data = labelled(name)
        scores: dict[str, list[tuple[float, float]]] = {way: [] for way in names}
        for draw in range(draws):
            order = random.Random(draw).sample(range(len(data.texts)), len(data.texts))  # noqa: S311
            rest = order[max(LABELLED) :]
            scores["frame"].append(measures(data.found, data, rest))
            for count in LABELLED:
                seen = order[:count]
                scores[f"audit {count}"].append(measures(audited(data, seen), data, rest))
                if model:
                    found = trained(data, seen, rest)
                    scores[f"model {count}"].append(measures(found, data, rest))
        cells = [
            " / ".join(f"{statistics.mean(s):.3f}" for s in zip(*scores[n], strict=True))
            for n in names
        ]
        print(f"| {name} ({len(data.texts)}) | " + " | ".join(cells) + " |", flush=True)


def made_texts(count: int) -> list[str]:
    """Return texts of the usual length: sentences of the comments, put together anew."""
    sentences = [
        part
        for name in SETS
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for part in re.split(r"(?<=[.!?])\s+", json.loads(line)["text"])
        if part
    ]
    chance = random.Random(1)  # noqa: S311
    texts = []
    for _ in range(count):
        text = chance.choice(sentences)
        while len(text) < chance.randint(1, 2 * LENGTH - 40):
            text += " " + chance.choice(sentences)
        texts.append(text)
    return texts


def made_frame(count: int) -> CodeFrame:
    """Return a frame of so many terms in 15 reasons: of the frames, then words of the texts."""
    terms = [
        term
        for name in ("nhs", "phone_en", "phone_de", "phone_da")
        for term in read_frame(DATA / "frames" / f"{name}.toml").terms["written"].unique().sort()
    ]
    random.Random(1).shuffle(terms)  # noqa: S311
    if count > len(terms):
        words = sorted(
            {word for text in made_texts(60_000) for word in text.split() if len(word) >= SHORTEST}
        )
        terms += random.Random(1).sample(words, min(len(words), 2 * count))  # noqa: S311
    different = list({normalised(t): t for t in dict.fromkeys(terms[: 3 * count])}.values())[:count]
    return CodeFrame(
        reason=[Reason(id=f"r{n}", label=f"R{n}", any=different[n::15]) for n in range(15)]
    )


def as_toml(frame: CodeFrame) -> str:
    """Return a frame as its file."""
    lines = ["format = 1"]
    for reason in frame.reason:
        lines += ["[[reason]]", f'id = "{reason.id}"', f'label = "{reason.label}"']
        lines += [f"any = {json.dumps(reason.any, ensure_ascii=False)}"]
    return "\n".join(lines)


def run(words: list[str]) -> tuple[float, float]:
    """Run a command; return its seconds of the processor and its peak of memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    ended = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, int(ended.stdout) / 1024


def regex_union(texts: list[str], frame: CodeFrame) -> float:
    """Return the seconds of a regex of all terms for each reason, in Polars."""
    patterns = {
        reason.id: r"\b(?:"
        + "|".join(
            re.escape(normalised(term)) + (r"\w*" if term.endswith("*") else r"\b")
            for term in reason.any
        )
        + ")"
        for reason in frame.reason
    }
    laid = pl.DataFrame({"text": texts})
    start = time.process_time()
    plain = laid.select(text=folded(pl.col("text")))
    plain.select(pl.col("text").str.contains(p).alias(name) for name, p in patterns.items())
    return time.process_time() - start


def python_matcher(texts: list[str], frame: CodeFrame) -> float:
    """Return the seconds of looking up the words of each text, one text after the other."""
    terms = {t: r.id for r in frame.reason for t in r.any}
    whole = {normalised(t): r for t, r in terms.items() if "*" not in t}
    begins = {normalised(t): r for t, r in terms.items() if t.endswith("*")}
    longest = max(len(key.split()) for key in whole)
    start = time.process_time()
    plain = pl.DataFrame({"text": texts}).select(folded(pl.col("text"))).to_series()
    for text in plain:
        words = text.split()
        found = {
            whole.get(" ".join(words[i : i + n]))
            for n in range(1, longest + 1)
            for i in range(len(words))
        }
        found |= {begins.get(word[:n]) for word in words for n in range(1, len(word) + 1)}
    return time.process_time() - start


def speed(count: int, rounds: int) -> None:
    """Print texts a second of each way, and of ours with more terms."""
    texts = made_texts(count)
    print(f"{count:,} texts of {statistics.mean(map(len, texts)):.0f} letters, {TERMS} terms")
    print("| way | texts | texts per CPU second | peak MB |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        made, frame, out = (
            str(Path(folder) / n) for n in ("in.parquet", "reasons.toml", "out.parquet")
        )
        pl.DataFrame({"comment": texts}).write_parquet(made)
        command = [str(Path(sys.executable).with_name("loopback")), "reasons", "code", made]
        command += ["--frame", frame, "--to", out]
        for terms in MANY_TERMS:
            Path(frame).write_text(as_toml(made_frame(terms)), encoding="utf-8")
            used, peak = min(run(command) for _ in range(rounds))
            name = f"loopback reasons code, {terms} terms"
            print(f"| {name} | {count:,} | {count / used:,.0f} | {peak:,.0f} |", flush=True)
    small, usual = texts[:FEW], made_frame(TERMS)
    for name, way in (
        ("regex union in Polars", regex_union),
        ("Python, text by text", python_matcher),
    ):
        used = min(way(small, usual) for _ in range(rounds))
        print(f"| {name} | {FEW:,} | {FEW / used:,.0f} | |", flush=True)


def main() -> None:
    """Measure what is asked; without a word, all."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quality", action="store_true")
    asked.add_argument("--speed", action="store_true")
    asked.add_argument("--sets", nargs="*", default=list(SETS))
    asked.add_argument("--draws", type=int, default=3)
    asked.add_argument("--no-model", action="store_true", help="leave scikit-learn out")
    asked.add_argument("--texts", type=int, default=TEXTS)
    asked.add_argument("--rounds", type=int, default=2)
    options = asked.parse_args()
    if options.quality or not options.speed:
        quality(options.sets, options.draws, model=not options.no_model)
    if options.speed or not options.quality:
        speed(options.texts, options.rounds)


if __name__ == "__main__":
    main()
