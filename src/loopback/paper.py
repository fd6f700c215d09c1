"""Paper: a page as PDF, made from its HTML, so that a template of the workspace shapes both."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from loopback.errors import error
from loopback.languages import templates_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    Node = dict[str, Any]

TEMPLATE = "sheet.typ"
UNSEEN = frozenset({"head", "style", "script", "title"})
WITHOUT_END = frozenset({"br", "hr", "img", "meta", "link", "input", "wbr", "col"})
KEPT = ("width", "align")  # attributes that say where something stands
LINES = "said"  # the class of text in which lines end where they were written
IN_LINE = frozenset({"a", "br", "span", "strong"})
SPACES = re.compile(r"[ \t\r\n\f]+")  # not those that keep words together


class Printer:
    """What sets pages on paper, fonts read once."""

    def __init__(self) -> None:
        try:
            import typst
        except ImportError:
            mend = "Install it: pip install 'loopback-nps[pdf]'; or set sheets.pdf to false."
            raise error("sheets as PDF need the extra pdf", mend, "loopback.toml") from None
        self._typst = typst.Compiler(root=str(templates_folder()))

    def pdf(self, html: str, language: str) -> bytes:
        """Return a page as the bytes of a PDF, the same for the same page.

        The words reach the typesetter as data, so that nothing anyone wrote is markup to it.
        """
        words = {"page": json.dumps(tree(html)), "language": language}
        source = str(templates_folder() / TEMPLATE)
        made = self._typst.compile(source, format="pdf", sys_inputs=words)
        return cast("bytes", made)


def tree(html: str) -> list[Node | str]:
    """Return what is seen of a page: elements with tag, classes and what is inside, and texts."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _trimmed(reader.whole)["inside"]


def _trimmed(node: Node) -> Node:
    """Return an element without the spaces that stand for nothing: those beside a block."""
    inside = [part if isinstance(part, str) else _trimmed(part) for part in node["inside"]]
    around = zip(inside, [None, *inside], [*inside[1:], None], strict=False)
    kept = [
        part for part, before, after in around if part != " " or (_flows(before) and _flows(after))
    ]
    return node | {"inside": kept}


def _flows(part: Node | str | None) -> bool:
    """Say whether a part stands in the same line as the next one."""
    return isinstance(part, str) or (part is not None and part["tag"] in IN_LINE)


class _Reader(HTMLParser):
    """Reads a page into a tree; what is not seen is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.whole = _node("body", [])
        self._open = [self.whole]

    @override
    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        node = _node(tag, attrs)
        if not self._unseen(node):
            self._open[-1]["inside"].append(node)
        if tag not in WITHOUT_END:
            self._open.append(node)

    @override
    def handle_endtag(self, tag: str) -> None:
        names = [node["tag"] for node in self._open]
        if tag in names[1:]:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    @override
    def handle_data(self, data: str) -> None:
        kept = any(LINES in node["classes"] for node in self._open)
        inside = self._open[-1]["inside"]
        for number, line in enumerate(data.split("\n") if kept else [data]):
            if number:
                inside.append(_node("br", []))
            if line:
                inside.append(SPACES.sub(" ", line))

    @staticmethod
    def _unseen(node: Node) -> bool:
        return node["tag"] in UNSEEN or "hidden" in node["classes"]


def _node(tag: str, attributes: Sequence[tuple[str, str | None]]) -> Node:
    said = {name: value or "" for name, value in attributes}
    dialled = said.get("href", "")
    return {
        "tag": tag,
        "classes": said.get("class", "").split(),
        "inside": [],
        **{name: said[name] for name in KEPT if name in said},
        **({"href": dialled} if dialled.startswith("tel:") else {}),
    }
