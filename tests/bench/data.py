"""Tables for the benchmarks. In: a number of rows, a share of dirty rows, a seed. Out: two CSV files, their schemas, what was planted.

`python -m tests.bench.data FOLDER ROWS [DIRTY]` writes `members.csv` (a hundredth of ROWS, at most 10,000 at 1 M) and
`commitments.csv` (11 columns, about 205 bytes a row), with `members.json` and `commitments.json` beside them.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

REGIONS = [
    "Africa",
    "Arab States",
    "Asia and the Pacific",
    "Eastern Europe",
    "Western Europe",
    "Latin America",
    "Caribbean",
]
STATUSES = ["planned", "started", "on track", "delayed", "done"]
WORDS = [
    *("national", "policy", "target", "legislation", "reporting", "mechanism", "prevention", "education", "helpline"),
    *(
        "cooperation",
        "training",
        "prosecutors",
        "platform",
        "industry",
        "standards",
        "funding",
        "research",
        "survivors",
    ),
    *(
        "services",
        "coordination",
        "awareness",
        "victims",
        "identification",
        "removal",
        "procedure,",
        "ministry",
        "justice",
    ),
    *(
        "interior",
        "telecommunications",
        "regulator",
        "parliament",
        "review",
        "strategy",
        "action",
        "plan",
        "2025",
        "annual",
    ),
]

MEMBERS: dict[str, Any] = {
    "fields": [
        {"name": "member_id", "type": "string", "constraints": {"required": True, "pattern": "M[0-9]{6}"}},
        {"name": "name", "type": "string", "constraints": {"required": True, "unique": True, "maxLength": 60}},
        {"name": "region", "type": "string", "constraints": {"enum": REGIONS}},
        {"name": "joined", "type": "date", "constraints": {"minimum": "2000-01-01"}},
        {"name": "active", "type": "boolean"},
    ],
    "primaryKey": ["member_id"],
}
COMMITMENTS: dict[str, Any] = {
    "fields": [
        {"name": "commitment_id", "type": "string", "constraints": {"required": True, "pattern": "C[0-9]{8}"}},
        {"name": "member_id", "type": "string", "constraints": {"required": True}},
        {"name": "title", "type": "string", "constraints": {"required": True, "maxLength": 80}},
        {"name": "description", "type": "string"},
        {"name": "status", "type": "string", "constraints": {"enum": STATUSES}},
        {"name": "year", "type": "integer", "constraints": {"minimum": 2000, "maximum": 2030}},
        {"name": "amount", "type": "number", "constraints": {"minimum": 0}},
        {"name": "due", "type": "date", "constraints": {"minimum": "2000-01-01"}},
        {"name": "contact", "type": "string", "format": "email", "publisher": {"allow": ["email"]}},
        {"name": "link", "type": "string", "format": "uri"},
        {"name": "published", "type": "boolean"},
    ],
    "primaryKey": ["commitment_id"],
    "foreignKeys": [{"fields": ["member_id"], "reference": {"resource": "members", "fields": ["member_id"]}}],
}

Row = list[str]
FAULTS: dict[str, Callable[[Row, int], None]] = {
    "constraint-error/required": lambda row, _n: row.__setitem__(2, ""),
    "constraint-error/maxLength": lambda row, _n: row.__setitem__(2, "long " * 20),
    "constraint-error/enum": lambda row, _n: row.__setitem__(4, "Done"),
    "constraint-error/minimum": lambda row, _n: row.__setitem__(5, "1999"),
    "type-error/integer": lambda row, _n: row.__setitem__(5, "20 21"),
    "type-error/number": lambda row, _n: row.__setitem__(6, "12,50"),
    "type-error/date": lambda row, _n: row.__setitem__(7, "2021-02-30"),
    "type-error/email": lambda row, _n: row.__setitem__(8, "nobody at example.org"),
    "type-error/boolean": lambda row, _n: row.__setitem__(10, "yes"),
    "primary-key": lambda row, n: row.__setitem__(0, f"C{n // 2:08d}"),
    "foreign-key": lambda row, _n: row.__setitem__(1, "M999999"),
}
"""The kinds of faults that dirty tables hold, in turn; each breaks one rule of one cell."""


def write_tables(folder: Path, rows: int, dirty: float = 0.0, seed: int = 1) -> dict[str, int]:
    """Write both tables and schemas. `dirty` is the share of commitments with one fault. Returns how often each was planted."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    members = max(rows // 100, 10)
    _write(folder / "members.csv", MEMBERS, (_member(chance, number) for number in range(members)))
    planted: dict[str, int] = {}
    names = list(FAULTS)

    def lines() -> Any:
        for number in range(1, rows + 1):
            row = _commitment(chance, number, members)
            if dirty and chance.random() < dirty:
                name = names[sum(planted.values()) % len(names)]
                planted[name] = planted.get(name, 0) + 1
                FAULTS[name](row, number)
            yield row

    _write(folder / "commitments.csv", COMMITMENTS, lines())
    return planted


def _write(path: Path, schema: dict[str, Any], rows: Any) -> None:
    path.with_suffix(".json").write_text(json.dumps(schema, indent=2))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field["name"] for field in schema["fields"]])
        writer.writerows(rows)


def _member(chance: random.Random, number: int) -> Row:
    joined = dt.date(2000, 1, 1) + dt.timedelta(days=chance.randrange(9000))
    return [
        f"M{number:06d}",
        f"Member {number}",
        chance.choice(REGIONS),
        joined.isoformat(),
        chance.choice(["true", "false"]),
    ]


def _commitment(chance: random.Random, number: int, members: int) -> Row:
    text = " ".join(chance.choices(WORDS, k=chance.randrange(4, 14)))
    if chance.random() < 0.02:
        text = f'{text}\nSecond line with a "quotation"'
    due = dt.date(2015, 1, 1) + dt.timedelta(days=chance.randrange(5000))
    return [
        f"C{number:08d}",
        f"M{chance.randrange(members):06d}",
        " ".join(chance.choices(WORDS, k=3)).capitalize(),
        text if chance.random() < 0.9 else "",
        chance.choice(STATUSES),
        str(chance.randrange(2000, 2031)),
        f"{chance.randrange(10**9) / 100:.2f}",
        due.isoformat(),
        f"contact{chance.randrange(10**5)}@office.example.org" if chance.random() < 0.5 else "",
        f"https://www.example.org/commitments/{number}",
        chance.choice(["true", "false"]),
    ]


if __name__ == "__main__":
    print(write_tables(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0))
