"""Pages: a sheet as HTML and as plain text, from the templates."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import css_inline
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
    pass_context,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError
from typing_extensions import override

from loopback.errors import LoopbackError, error
from loopback.languages import templates_folder
from loopback.score import points

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2.runtime import Context

    from loopback.languages import Language, Languages
    from loopback.people import People
    from loopback.sheets import Sheet

LARGEST = 20_000_000  # letters of a page: what is larger comes of a loop without end
TURNS = 100_000  # of all loops of a page over a range
TIMES = 1_000  # how often a template may repeat a text
DIALLED = 5  # digits that make a number to call
MEND = "Mend the template, or take it away to use the one of loopback."


class Pages:
    """The templates of one workspace, compiled once; its own come before those of loopback."""

    def __init__(
        self,
        own_templates: Path,
        company: str,
        months: int,
        people: People,
        languages: Languages,
    ) -> None:
        folders = [folder for folder in (own_templates, templates_folder()) if folder.is_dir()]
        loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        self._html = _template(loader, "sheet.html.j2", autoescape=True)
        self._text = _template(loader, "sheet.txt.j2", autoescape=False)
        self._inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
        self._values = {"company": company, "months": months, "names": people.name}
        self._languages = languages

    def html(self, sheet: Sheet) -> str:
        """Return a sheet as a page that mail programs show, its styles inlined."""
        return self._inliner.inline(self._rendered(self._html, sheet))

    def text(self, sheet: Sheet) -> str:
        """Return a sheet as plain text."""
        return self._rendered(self._text, sheet)

    def subject(self, sheet: Sheet) -> str:
        """Return the subject of the mail that brings a sheet."""
        language = self._languages.of(sheet.person.language)
        company, month = self._values["company"], language.month(sheet.month)
        if sheet.calls:
            calls = len(sheet.calls)
            return language.say("mail.subject", n=calls, company=company, month=month)
        return language.say("mail.subject_rollup", company=company, month=month)

    def _rendered(self, template: Template, sheet: Sheet) -> str:
        language = self._languages.of(sheet.person.language)
        spoken = _words(language) | {"title": _title(sheet, language)}
        spoken |= {"head": _head(sheet, language), "sheet": sheet, "range": _Ranges()}
        try:
            return _bounded(template.generate(self._values | spoken))
        except (TemplateError, LookupError, TypeError, ValueError, ArithmeticError) as mistake:
            raise _mistake(template.name, mistake) from mistake


class _Ranges:
    """The `range` of one page: loops inside loops together have no more turns than are left."""

    def __init__(self) -> None:
        self._left = TURNS

    def __call__(self, *bounds: int) -> range:
        """Return a range, if there are as many turns left."""
        turns = range(*bounds)
        self._left -= 1 + len(turns)
        if self._left < 0:
            raise SecurityError("range makes too many turns")
        return turns


class _Sandbox(ImmutableSandboxedEnvironment):
    """Templates that can reach nothing but what they are given, and cannot turn escaping off."""

    intercepted_binops = frozenset({"*", "**"})

    @override
    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        sizes = [side for side in (left, right) if isinstance(side, int)]
        if operator == "**" or (len(sizes) == 1 and sizes[0] > TIMES):
            raise SecurityError(f"{operator} makes too much of it")
        return super().call_binop(context, operator, left, right)

    @override
    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for switch in tree.find_all(nodes.EvalContextModifier):
            raise TemplateSyntaxError("escaping cannot be turned off", switch.lineno, name)
        return tree


def _template(loader: ChoiceLoader, name: str, *, autoescape: bool) -> Template:
    environment: Environment = _Sandbox(
        loader=loader,
        autoescape=autoescape,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    del environment.filters["safe"]
    ours: dict[str, Any] = {"number": number, "rule": rule, "dial": dial}
    environment.filters.update(ours)
    try:
        return environment.get_template(name)
    except (TemplateError, UnicodeDecodeError) as mistake:
        raise _mistake(name, mistake) from mistake


def _words(language: Language) -> dict[str, Any]:
    """Return what templates call to say things in a language."""
    return {
        "language": language.code,
        "tongue": language,
        "say": language.say,
        "every": language.every,
        "day": language.day,
        "date": language.date,
        "month": language.month,
        "listed": language.listed,
        "quoted": language.quoted,
        "points": points,
        "rule": lambda name: _named(language, "rules", name),
        "outcome": lambda name: _named(language, "outcomes", name),
        "decision": lambda name: _named(language, "items", name),
    }


def _named(language: Language, section: str, name: str | None) -> str:
    """Return the name of a code in a language; one that we do not know stands for itself."""
    key = f"{section}.{name}"
    return language.say(key) if language.known(key) else name or ""


@pass_context
def number(context: Context, value: float) -> str:
    """Return a number as the language of the sheet writes it."""
    return context["tongue"].number(value)


@pass_context
def rule(context: Context, name: str) -> str:
    """Return the name of a rule of escalation in the language of the sheet."""
    return context["rule"](name)


def dial(phone: str) -> str:
    """Return what a telephone dials of a number as people write it; nothing where it is none."""
    plain = re.sub(r"\(0\)", "", phone)
    digits = re.sub(r"[^0-9]", "", plain)
    written = re.fullmatch(r"[-+0-9 ()/.\u00a0\u202f]+", phone)
    sign = "+" if plain.strip().startswith("+") else ""
    return sign + digits if written and len(digits) >= DIALLED else ""


def _title(sheet: Sheet, language: Language) -> str:
    if sheet.calls:
        return language.say("head.title", n=len(sheet.calls))
    keys = {"title_rollup": sheet.rollup, "title_made": sheet.made, "title_unnamed": sheet.unnamed}
    key = next((key for key, there in keys.items() if there), "title_rollup")
    return language.say(f"head.{key}")


def _head(sheet: Sheet, language: Language) -> list[tuple[str, int]]:
    """Return the counts at the top: of the whole line for a manager, else of the own book."""
    made, waiting = len(sheet.made), len(sheet.calls)
    if sheet.rollup and sheet.rollup.owners:
        made, waiting = sheet.rollup.made, sheet.rollup.due - sheet.rollup.made
    counts = {
        "invited": sheet.this_month.invited,
        "answered": sheet.this_month.answered,
        "called": made,
        "open": waiting,
    }
    return [(language.say(f"head.{name}"), count) for name, count in counts.items()]


def _bounded(pieces: Iterable[str]) -> str:
    """Return the pieces of a page as one; raise where there is no end to them."""
    whole: list[str] = []
    size = 0
    for piece in pieces:
        whole.append(piece)
        size += len(piece)
        if size > LARGEST:
            raise SecurityError("the page has no end")
    return "".join(whole)


def _mistake(name: str | None, mistake: Exception) -> LoopbackError:
    """Return the error of a template: which, in what line, and what to do."""
    line = None
    if isinstance(mistake, TemplateSyntaxError):
        name, line = mistake.name or name, mistake.lineno
    for frame in traceback.extract_tb(mistake.__traceback__):
        if frame.filename.endswith((".j2", ".css")):
            name, line = Path(frame.filename).name, frame.lineno
    place = f"templates/{name}" + (f", line {line}" if line else "")
    what = str(mistake) if isinstance(mistake, TemplateError) else f"{mistake!r}"
    if isinstance(mistake, TemplateNotFound):
        what = f"there is no template {mistake.name}"
    return error(f"a template with a mistake: {what}", MEND, place)
