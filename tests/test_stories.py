from __future__ import annotations

from loopback.stories import pair, stories
from loopback.tables import RESPONSES
from tests.drawn import STORY
from tests.frames import frame, table

CUSTOMERS = frame("customer_id | name\nC-1 | Ahorn Mill\nC-2 | Birch Tools")


def told(rows: str) -> list[tuple[object, ...]]:
    columns = (
        "response_id | customer_id | current_owner | month | score | consent | named | comment"
    )
    found = stories(table(RESPONSES, f"{columns}\n{rows}"), CUSTOMERS)
    return sorted((s.owner, s.category, s.name, s.comment) for s in found)


def test_the_one_who_tells_most_is_the_story_of_each_owner_month_and_category() -> None:
    rows = """
    R-1 | C-1 | anna | 2026-10 | 9  |     |    | they came on a Sunday
    R-2 | C-2 | anna | 2026-10 | 10 |     |    | they came on a Sunday and stayed
    R-3 | C-1 | anna | 2026-10 | 2  |     |    | nobody answered my letters
    R-4 | C-1 | anna | 2026-10 | 7  |     |    | it was all right, I should think
    R-5 | C-1 | anna | 2026-10 | 9  |     |    | fine
    """.strip()

    assert told(rows) == [
        ("anna", "detractor", "Ahorn Mill", "nobody answered my letters"),
        ("anna", "promoter", "Birch Tools", "they came on a Sunday and stayed"),
    ]


def test_who_does_not_want_to_be_quoted_is_not_and_who_is_not_named_has_no_name() -> None:
    rows = """
    R-1 | C-1 | anna | 2026-10 | 9 | no  |    | they came on a Sunday and stayed
    R-2 | C-2 | anna | 2026-10 | 9 | yes | no | they came on a Sunday
    """.strip()

    assert told(rows) == [("anna", "promoter", None, "they came on a Sunday")]


def test_two_stories_are_the_best_of_both_kinds() -> None:
    longer = STORY._replace(told=40)
    sad = STORY._replace(category="detractor")

    assert pair([STORY, sad, longer]) == (longer, sad)
    assert pair([]) == (None, None)
