from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "loopback"

# Each line may import from the lines above it, never sideways or downwards in this list.
# docs/architecture.md draws the same picture.
LAYERS = """\
errors plain prn places folding tomllines letters records mail.address
unpacked received marks words exports.order
nps.counts nps.beta nps.discovery nps.method
nps.interval
nps.difference nps.pairs nps.shrinkage nps.trend nps.sample_size nps.book nps.weighting nps.unequal
nps.funnel
score shares
tomlfile files tables months delimited people customers mail.message mail.outside mail.transport \
 deal names exports.values exports.keys \
 exports.times exports.declarations exports.texts escalations
loads runs
settings frame ledger journal clock grid mail.record mail.post mail.folders mail.sendmail \
 exports.candidates exports.groups exports.meanings demo.company followups \
 actions exports.events exports.identity strangers \
 exclusions leave_out draws outlook capacity newcomers invitations
histories evenness
rows promises rotation exports.layouts exports.sheet exports.answers exports.whose \
 exports.columns mail.connection mail.secret exports.table exports.long remembered calls
jsonlines
comments
mail.smtp books worth nonresponse changes reach standings funnel_plot calculator confidential
amendment reasons.alignment reasons.keyness reasons.ngrams reasons.agreement reasons.handcoding
reasons.matches reasons.tally reasons.drivers reasons.ticked reasons.discretion
reasons.kinds reasons.evidence reasons.suggestions reasons.slips
reasons.codes reasons.coverage reasons.themes
mail.transports lists span rest invitation_lists exports.header exports.matching demo.voices stories
workspace guarantees exports.roles exports.near figures alerts rollups
sheets languages
exports.scores exports.own exports.callsheets exports.freetext
exports.reading
exports.preview exports.mending
paper
pages workbooks
steps.deliveries steps.reports
steps.material steps.rendering steps.tablefile steps.oversights
steps.findings steps.delivery
steps.init steps.check steps.sample steps.take steps.score steps.reasons steps.route \
 steps.status steps.export
steps.funnel steps.coding steps.ingest steps.rematch
steps.look steps.again steps.show steps.discover steps.trial
steps.handsheet
steps.plan steps.verify
demo.year
terminal
say scorecard reasoncard intake options
cli.workspace cli.rotation cli.answers cli.scores cli.reasons
__main__
"""
LAYER = {
    module: height
    for height, line in enumerate(LAYERS.strip().splitlines())
    for module in line.split()
}
# Nothing below the steps may know of these: files, clock, chance and terminal come as arguments.
PURE = [
    *("months", "people", "customers", "score", "newcomers", "names", "rotation", "folding"),
    *("reasons.matches", "reasons.codes", "reasons.kinds", "reasons.coverage", "reasons.tally"),
    *("reasons.slips", "reasons.drivers", "reasons.ticked", "reasons.discretion", "tomllines"),
    *("reasons.alignment", "reasons.evidence", "reasons.keyness", "reasons.ngrams", "amendment"),
    *("reasons.themes", "reasons.suggestions", "reasons.agreement", "reasons.handcoding"),
    *("deal", "invitations", "prn", "places", "words", "loads", "mail.message", "mail.record"),
    *("mail.post", "mail.transport"),
    *("exclusions", "leave_out", "rest"),
    *("draws", "histories", "promises", "evenness", "guarantees", "outlook", "capacity"),
    *("nps.counts", "nps.beta", "nps.discovery", "nps.interval", "nps.difference", "nps.pairs"),
    *("nps.shrinkage", "nps.trend", "nps.sample_size", "nps.book", "nps.weighting"),
    *("nps.unequal", "nps.funnel", "nps.method", "books", "worth", "nonresponse", "changes"),
    *("reach", "shares", "standings", "funnel_plot", "calculator", "confidential"),
    *("followups", "actions", "escalations", "alerts", "figures", "rollups", "stories"),
    *("calls", "sheets", "exports.values", "exports.roles", "exports.answers", "exports.matching"),
    *(
        "exports.texts",
        "exports.columns",
        "exports.freetext",
        "exports.table",
        "letters",
        "records",
        "exports.times",
        "exports.header",
        "exports.groups",
        "exports.candidates",
    ),
    *("exports.events", "exports.mending", "exports.near"),
    *("exports.scores", "exports.preview"),
]
IMPURE = {
    "os",
    "sys",
    "time",
    "random",
    "secrets",
    "subprocess",
    "socket",
    "shutil",
    "rich",
    "typer",
}


def modules() -> dict[str, Path]:
    found = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts): path
        for path in SOURCE.rglob("*.py")
    }
    return {name: path for name, path in found.items() if not name.endswith("__init__")}


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports when it runs, at its top or in a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_module_has_its_layer() -> None:
    assert sorted(modules()) == sorted(LAYER)


@pytest.mark.parametrize("module", sorted(LAYER))
def test_imports_go_down_only(module: str) -> None:
    ours = {name.removeprefix("loopback.") for name in imported(modules()[module])} & set(LAYER)
    assert [name for name in ours if LAYER[name] >= LAYER[module]] == []


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_touch_no_file_clock_chance_or_terminal(module: str) -> None:
    names = imported(modules()[module])
    assert {name.partition(".")[0] for name in names} & IMPURE == set()
    text = modules()[module].read_text(encoding="utf-8")
    assert not re.search(r"\bopen\(|\.now\(|\.today\(|read_text|read_bytes|write_", text)


def test_the_architecture_page_shows_every_module() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    names = {module: module.rpartition(".")[2] for module in LAYER if module != "__main__"}
    assert [m for m, name in names.items() if not re.search(rf"\b{name}\b", page)] == []


def test_no_file_of_the_house_is_a_box_for_odds_and_ends() -> None:
    odd = {"utils", "helpers", "common", "misc", "base", "core"}
    assert not odd & {part for module in modules() for part in module.split(".")}


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [
        f"{module}.{node.name}"
        for module, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and _body(node) > 40
    ]
    assert long == []


def _body(function: ast.FunctionDef) -> int:
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function
    return (function.end_lineno or 0) - first.lineno + 1
