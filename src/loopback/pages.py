"""Pages: a sheet as HTML and as plain text, from the templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import css_inline
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from loopback.errors import LoopbackError, error
from loopback.score import points

if TYPE_CHECKING:
    from loopback.people import People
    from loopback.sheets import Sheet

PACKAGE = Path(__file__).parent


def templates_folder() -> Path:
    """Return where the templates lie: in the installed package, or beside `src` in a checkout."""
    shipped = PACKAGE / "templates"
    return shipped if shipped.is_dir() else PACKAGE.parents[1] / "templates"


class Pages:
    """The templates of one workspace, compiled once; its own come before those of loopback."""

    def __init__(self, own_templates: Path, company: str, months: int, people: People) -> None:
        folders = [folder for folder in (own_templates, templates_folder()) if folder.is_dir()]
        loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        self._html = _template(loader, "sheet.html.j2", autoescape=True)
        self._text = _template(loader, "sheet.txt.j2", autoescape=False)
        self._inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
        self._values = {"company": company, "months": months, "names": people.name}

    def html(self, sheet: Sheet) -> str:
        """Return a sheet as a page that mail programs show, its styles inlined."""
        return self._inliner.inline(self._rendered(self._html, sheet))

    def text(self, sheet: Sheet) -> str:
        """Return a sheet as plain text."""
        return self._rendered(self._text, sheet)

    def _rendered(self, template: Template, sheet: Sheet) -> str:
        try:
            return template.render(self._values, sheet=sheet)
        except (TemplateError, TypeError, ValueError) as mistake:
            raise _mistake(template.name, mistake) from mistake


def _template(loader: ChoiceLoader, name: str, *, autoescape: bool) -> Template:
    environment: Environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=autoescape,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["points"] = points
    try:
        return environment.get_template(name)
    except (TemplateError, UnicodeDecodeError) as mistake:
        raise _mistake(name, mistake) from mistake


def _mistake(name: str | None, mistake: Exception) -> LoopbackError:
    line = f", line {mistake.lineno}" if isinstance(mistake, TemplateSyntaxError) else ""
    mend = "Mend the template, or take it away to use the one of loopback."
    return error(f"a template with a mistake: {mistake}", mend, f"templates/{name}{line}")
