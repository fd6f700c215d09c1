"""Reasons: what a code frame is worth beside a trained model, and how fast it codes comments.

`--quality`: on comments coded by people (LOOPBACK_SHARED or ../shared): the frame as it is, the
frame once audited with 200 and 1,000 of them, and a TF-IDF logistic regression trained on the same
200 and 1,000, all on the same rest. `--recovery`: how often `discover` brings back the words of a
reason that the frame lacks. `--speed`: `loopback reasons code` from Parquet to Parquet at a million
texts and 300 terms, beside a regex union in Polars and a matcher in Python for each text that read
and write such files too, and the cost of more terms. Seconds are of the processor.
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

from loopback.folding import all_normalised
from loopback.frame import CodeFrame, Reason, read_frame
from loopback.reasons.agreement import overall, reasons_quality, terms_quality, to_drop
from loopback.reasons.codes import codes
from loopback.reasons.kinds import kinds
from loopback.reasons.matches import matches, pairs, texts_of
from loopback.reasons.themes import LISTS, themes

DATA = Path(os.environ.get("LOOPBACK_SHARED") or "../shared") / "data" / "text"
SETS = ("nhs", "phone_en", "phone_de", "phone_da", "phone_fr", "phone_es")
LABELLED = (200, 1000)
FOLDS = 4
THRESHOLDS = [step / 20 for step in range(2, 13)]
TEXTS, TERMS, LENGTH = 1_000_000, 300, 87
FEW = 200_000  # texts for the slow ways
RIVALS = Path(__file__).parent / "rivals"
SHORTEST = 4  # letters of a word that is taken for a term
MANY_TERMS = (30, 300, 3_000, 10_000)
SCORES = {1: 10, 2: 8, 3: 6, 4: 3, 5: 0}  # of the set that has any: 1 is very good
PROPOSALS = 20


class Labelled(NamedTuple):
    """Comments with what people said, and what the frame finds: place, reason, term."""

    responses: pl.DataFrame
    texts: list[str]
    given: list[set[str]]
    found: pl.DataFrame
    reasons: list[str]


def labelled(name: str) -> Labelled:
    """Return all rows of a set."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    frame = read_frame(DATA / "frames" / f"{name}.toml")
    responses = pl.DataFrame(
        {
            "response_id": [str(r["id"]) for r in rows],
            "comment": [r["text"] for r in rows],
            "language": [r["lang"] for r in rows],
            "score": pl.Series(
                [SCORES.get(r.get("score_1_to_5", 0)) for r in rows], dtype=pl.Int64
            ),
        }
    )
    found = matches(texts_of(responses, frame), frame).join(pairs(frame), "pair")
    given = [set(r["human"]) for r in rows]
    return Labelled(responses, responses["comment"].to_list(), given, found, list(frame.labels))


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
    from sklearn.pipeline import make_union

    words = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True),
    )
    known = words.fit_transform([data.texts[place] for place in seen])
    asked = words.transform([data.texts[place] for place in rest])
    model = LogisticRegression(
        solver="liblinear", dual=True, C=10, class_weight="balanced", max_iter=5000
    )
    given = {r: np.array([r in data.given[place] for place in seen]) for r in data.reasons}
    enough = {r: votes for r, votes in given.items() if FOLDS <= votes.sum() < len(seen)}
    folds = {
        r: cross_val_predict(model, known, votes, cv=FOLDS, method="predict_proba")[:, 1]
        for r, votes in enough.items()
    }
    said = {r: model.fit(known, votes).predict_proba(asked)[:, 1] for r, votes in enough.items()}

    def f1(threshold: float) -> float:
        both = sum(float(((folds[r] >= threshold) & votes).sum()) for r, votes in enough.items())
        each = sum(float((folds[r] >= threshold).sum() + v.sum()) for r, v in enough.items())
        return 2 * both / each

    least = max(THRESHOLDS, key=f1)
    rows = [(rest[row], r) for r in said for row in np.flatnonzero(said[r] >= least)]
    return pl.DataFrame(rows, schema={"place": pl.UInt32, "reason": pl.String}, orient="row")


def drawn(data: Labelled, draw: int, *, model: bool) -> dict[str, tuple[float, float]]:
    """Return micro and macro F1 of each way on the rest of one draw."""
    order = random.Random(draw).sample(range(len(data.texts)), len(data.texts))  # noqa: S311
    rest = order[max(LABELLED) :]
    found = {"frame": data.found}
    found |= {f"audit {count}": audited(data, order[:count]) for count in LABELLED}
    if model:
        found |= {f"model {count}": trained(data, order[:count], rest) for count in LABELLED}
    return {way: measures(rows, data, rest) for way, rows in found.items()}


def quality(sets: list[str], draws: int, *, model: bool) -> None:
    """Print micro / macro F1 of each way, the mean of the draws."""
    names = ["frame"] + [f"audit {n}" for n in LABELLED] + [f"model {n}" for n in LABELLED] * model
    print("| set | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for name in sets:
        data = labelled(name)
        scores = []
        for draw in range(draws):
            start = time.process_time()
            scores.append(drawn(data, draw, model=model))
            took = time.process_time() - start
            print(f"{name}: draw {draw + 1} of {draws}, {took:.0f} s", file=sys.stderr, flush=True)
        means = [[statistics.mean(s[way][n] for s in scores) for n in (0, 1)] for way in names]
        cells = [f"{micro:.3f} / {macro:.3f}" for micro, macro in means]
        print(f"| {name} ({len(data.texts)}) | " + " | ".join(cells) + " |", flush=True)


def recovery(sets: list[str]) -> None:
    """Print of how many reasons a word comes back, by list, once the frame lacks that reason.

    A reason is back if one of the first proposals of the list has a term of it. Two of the lists
    need scores, which one set has.
    """
    print(f"| set | reasons | in {PROPOSALS} of " + " | ".join(LISTS) + " | any |")
    print("|---|---|---|---|---|---|")
    for name in sets:
        data, frame = labelled(name), read_frame(DATA / "frames" / f"{name}.toml")
        hidden = [r for r in frame.reason if not r.general and any(r.id in g for g in data.given)]
        back = [brought_back(data.responses, frame, reason.id) for reason in hidden]
        counts = [sum(which in found for found in back) for which in LISTS]
        cells = [name, len(hidden), *counts, sum(map(bool, back))]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def brought_back(responses: pl.DataFrame, frame: CodeFrame, hidden: str) -> set[str]:
    """Return the lists of which the first proposals have a term of a reason, once it is hidden."""
    rest, alone = (
        CodeFrame(empty=frame.empty, reason=[r for r in frame.reason if (r.id == hidden) == only])
        for only in (False, True)
    )
    known = kinds(responses, codes(responses, rest), rest)
    back = set[str]()
    for name, found in themes(known, rest, PROPOSALS).items():
        ngrams = pl.Series([theme.ngram for theme in found], dtype=pl.String)
        told = responses.head(len(found)).with_columns(response_id=ngrams, comment=ngrams)
        if codes(told, alone).height:
            back.add(name)
    return back


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


def made_frame(count: int, texts: list[str]) -> CodeFrame:
    """Return a frame of so many terms in 15 reasons: of the frames, then words of the texts."""
    terms = [
        term
        for name in ("nhs", "phone_en", "phone_de", "phone_da")
        for term in read_frame(DATA / "frames" / f"{name}.toml").terms["written"].unique().sort()
    ]
    random.Random(1).shuffle(terms)  # noqa: S311
    if count > len(terms):
        words = sorted({word for t in texts for word in t.split() if len(word) >= SHORTEST})
        terms += random.Random(1).sample(words, min(len(words), 2 * count))  # noqa: S311
    plain = all_normalised(terms[: 3 * count])
    different = list({plain[t]: t for t in plain}.values())[:count]
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


def speed(count: int, rounds: int) -> None:
    """Print texts a second of ours, with ever more terms, and of the two other ways."""
    texts = made_texts(count)
    print(f"{count:,} texts of {statistics.mean(map(len, texts)):.0f} letters, {TERMS} terms")
    print("| way | texts | texts per CPU second | peak MB |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made, few, frame, out = (
            folder / n for n in ("in.parquet", "few.parquet", "reasons.toml", "out.parquet")
        )
        pl.DataFrame({"comment": texts}).write_parquet(made)
        pl.DataFrame({"comment": texts[:FEW]}).write_parquet(few)
        command = [str(Path(sys.executable).with_name("loopback")), "reasons", "code", str(made)]
        command += ["--frame", str(frame), "--to", str(out)]
        for terms in MANY_TERMS:
            frame.write_text(as_toml(made_frame(terms, texts[:60_000])), encoding="utf-8")
            fastest(f"loopback reasons code, {terms:,} terms", count, command, rounds)
        frame.write_text(as_toml(made_frame(TERMS, texts)), encoding="utf-8")
        for way, script in (("regex union in Polars", "regex"), ("Python, text by text", "python")):
            rival = [str(RIVALS / f"reasons_{script}.py"), str(few), str(frame), str(out)]
            fastest(way, min(count, FEW), [sys.executable, *rival], rounds)


def fastest(way: str, count: int, command: list[str], rounds: int) -> None:
    """Print the best of some runs of a command over so many texts."""
    used, peak = min(run(command) for _ in range(rounds))
    print(f"| {way} | {count:,} | {count / used:,.0f} | {peak:,.0f} |", flush=True)


def main() -> None:
    """Measure what is asked; without a word, all."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quality", action="store_true")
    asked.add_argument("--recovery", action="store_true")
    asked.add_argument("--speed", action="store_true")
    asked.add_argument("--sets", nargs="*", default=list(SETS))
    asked.add_argument("--draws", type=int, default=3)
    asked.add_argument("--no-model", action="store_true", help="leave scikit-learn out")
    asked.add_argument("--texts", type=int, default=TEXTS)
    asked.add_argument("--rounds", type=int, default=2)
    options = asked.parse_args()
    every = not (options.quality or options.recovery or options.speed)
    if options.quality or every:
        quality(options.sets, options.draws, model=not options.no_model)
    if options.recovery or every:
        recovery(options.sets)
    if options.speed or every:
        speed(options.texts, options.rounds)


if __name__ == "__main__":
    main()
