"""A few hundred people, many recorded twice with a slip of the keyboard, and the model learned from them."""

from __future__ import annotations

import random
from contextlib import closing
from functools import cache

from identity_warehouse import TERMS, Warehouse

from identity.config import load_config
from identity.engine import DuckDBEngine
from identity.model import MatchModel
from identity.resolve import learn

FIRST = (
    "Ann", "Robert", "Clara", "Dmitri", "Elena", "Farid", "Greta", "Hugo", "Ingrid", "Jonas", "Katrin", "Luca",
    "Marta", "Nils", "Olga", "Pavel", "Rosa", "Stefan", "Tilda", "Ursula", "Viktor", "Wanda", "Xaver", "Yasmin",
    "Zoltan", "Benedict", "Cornelia", "Dorothea", "Emanuel", "Frederik",
)  # fmt: skip
LAST = (
    "Abendroth", "Bergmann", "Castellani", "Dombrowski", "Eriksson", "Fontaine", "Grabowski", "Henriksen",
    "Ivanova", "Jankowski", "Kowalczyk", "Lindqvist", "Martinez", "Nakamura", "Oppenheim", "Petrovic",
    "Quintero", "Rasmussen", "Schneider", "Tanaka", "Ullmann", "Vasquez", "Wagenaar", "Yilmaz", "Zimmermann",
    "Ashworth", "Blackwood", "Carmichael", "Davenport", "Ellsworth",
)  # fmt: skip
STREETS = (
    "Lindenweg", "Hauptstrasse", "Bahnhofstrasse", "Gartenweg", "Schulstrasse", "Ringstrasse", "Marktplatz",
    "Rosenweg",
)  # fmt: skip


def typo_people(people: int = 200, seed: int = 7) -> list[tuple[str, dict]]:
    """(subject, attributes) of person records: everybody once in the CRM, every second person again in the shop."""
    draw = random.Random(seed)
    records = []
    for number in range(people):
        person = {
            "first_name": draw.choice(FIRST),
            "last_name": draw.choice(LAST),
            "birth_date": f"{draw.randint(1940, 2005)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
            "street": f"{draw.choice(STREETS)} {draw.randint(1, 90)}",
            "postcode": f"5{draw.randint(1000, 9999)}",
            "city": draw.choice(("Bonn", "Ulm", "Kiel")),
        }
        records.append((f"crm:{number}", person))
        if number % 2:
            slipped = draw.choice(("first_name", "last_name"))
            records.append((f"shop:{number}", {**person, slipped: _slip(draw, person[slipped])}))
    return records


def put_people(warehouse: Warehouse, records: list[tuple[str, dict]]) -> None:
    for subject, attributes in records:
        warehouse.person(subject, **attributes)


@cache
def learned_from_typos() -> MatchModel:
    """The model of typo_people(), learned once."""
    with closing(Warehouse()) as warehouse:
        put_people(warehouse, typo_people())
        model = learn(DuckDBEngine(warehouse.con), load_config(None, TERMS))
    assert model is not None
    return model


def _slip(draw: random.Random, word: str) -> str:
    """Two neighbouring letters swapped, not the first."""
    at = draw.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
