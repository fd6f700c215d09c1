from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import TODAY, Said, answer, tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_an_answer_reaches_its_owner_and_the_manager(acme: Path, run: Callable[..., Said]) -> None:
    run("sample", "--today", TODAY)
    export = answer(acme, "C-1,2026-11-20,3,the delivery was late", "C-4,2026-11-21,10,")

    assert sorted(tokens(acme)) == ["C-1", "C-2", "C-3", "C-4", "C-5"]
    assert run("ingest", export, "--today", TODAY, "--json").json["reports"][0]["taken"] == 2
    routed = run("route", "--today", TODAY, "--json").json
    assert routed["mails"] == ["Anna Berg", "Ben Cole", "Carla Dahl"]

    sheets = {path.name.split("-")[0]: path for path in (acme / "out/2026-11/sheets").glob("*.txt")}
    assert "the delivery was late" in sheets["anna"].read_text(encoding="utf-8")
    assert "the delivery was late" not in sheets["ben"].read_text(encoding="utf-8")
    assert "the delivery was late" in sheets["carla"].read_text(encoding="utf-8")
