"""Texts that mean something to HTML, Markdown, JSON-LD, XML, Turtle, YAML or Excel. Out: attacks that stand in every text a package has."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from publisher.validate.house import BIDI, INVISIBLE
from tests.security.reading import faults
from tests.security.sandbox import HARMLESS, REFUSED, Attack, Body, package, project, resource
from tests.tools import FULL

RUN = "window.hit=1"
SCRIPTS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</ScRiPt ><script>{RUN}//",
    f"<!--<script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</noscript><script>{RUN}</script>",
    f"</template><script>{RUN}</script>",
    f"</svg><script>{RUN}</script>",
    f"<script/x>{RUN}</script>",
    f"<<script>{RUN}//<</script>",
    "<script src=//example.org/x.js></script>",
    "<script src=data:text/javascript,window.hit=1></script>",
    f'<script type="module">{RUN}</script>',
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror={RUN}>',
    f"'><img src=x onerror={RUN}>",
    f"<img src=x onerror='{RUN}'//",
    f"<IMG SRC=x ONERROR={RUN}>",
    f"<img/src=x/onerror={RUN}>",
    f"<img src=x\nonerror={RUN}>",
    f'<img src=x alt="`><img src=y onerror={RUN}>"',
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:window.hit=1'><text y=20>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg/onload=window.hit=1>'/></svg>",
    f"<math><mtext><style><img src=x onerror={RUN}></style></mtext></math>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src onerror={RUN}>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<p onmouseover={RUN}>x",
    f"<style>@keyframes x{{}}</style><p style='animation-name:x' onanimationstart={RUN}>",
    "<iframe src=javascript:window.hit=1></iframe>",
    "<iframe srcdoc='<script>top.hit=1</script>'></iframe>",
    "<object data=javascript:window.hit=1></object>",
    "<embed src=javascript:window.hit=1>",
    "<base href=https://example.org/>",
    "<meta http-equiv=refresh content='0;url=javascript:window.hit=1'>",
    "<meta http-equiv=refresh content='0;url=https://example.org/'>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<style>*{background:url(https://example.org/x)}</style>",
    "<form action=https://example.org/><input name=x><button autofocus>x</button></form>",
    "<a href=javascript:window.hit=1>x</a>",
    "<a href='&#106;avascript:window.hit=1'>x</a>",
    "<a href='java\tscript:window.hit=1'>x</a>",
    "<template shadowrootmode=open><script>window.hit=1</script></template>",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
    "&amp;lt;img src=x onerror=window.hit=1&amp;gt;",
    "&#60;img src=x onerror=window.hit=1&#62;",
    "\\u003cscript\\u003ewindow.hit=1\\u003c/script\\u003e",
    "\\x3cimg src=x onerror=window.hit=1\\x3e",
    "%3Cscript%3Ewindow.hit=1%3C/script%3E",
    "+ADw-script+AD4-window.hit=1+ADw-/script+AD4-",
    "\uff1cscript\uff1ewindow.hit=1\uff1c/script\uff1e",
    "\u2028</script><script>window.hit=1</script>\u2029",
    "javascript:window.hit=1",
    "javascript://%0awindow.hit=1",
    " javascript:window.hit=1",
    "JaVaScRiPt:window.hit=1",
    "vbscript:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cuaGl0PTE8L3NjcmlwdD4=",
    "{{window.hit=1}}",
    "{{ 7*7 }}{% raw %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{%- include '/etc/passwd' -%}",
    "${window.hit=1}",
    "<%= 7*7 %>",
    "#{7*7}",
    "[[${7*7}]]",
    f"';{RUN};//",
    f'";{RUN};//',
    f"\\';{RUN};//",
    f"`;{RUN};//",
    f"');{RUN};('",
    f"</xmp><img src=x onerror={RUN}>",
    f'x" autofocus onfocus="{RUN}" y="',
    f"x' autofocus onfocus='{RUN}' y='",
    f"x style=animation-name:x onanimationstart={RUN}",
    "__proto__",
    "constructor",
]
"""What would run something in a page; each sets window.hit, or asks a stranger for something."""
MARKS = [
    "[x](javascript:window.hit=1)",
    "[x](JavaScript:window.hit=1)",
    "[x](javascript&colon;window.hit=1)",
    "[x](&#x6A;avascript:window.hit=1)",
    "[x](data:text/html;base64,PHNjcmlwdD53aW5kb3cuaGl0PTE8L3NjcmlwdD4=)",
    "[x](vbscript:window.hit=1)",
    "[x](\x01javascript:window.hit=1)".replace("\x01", ""),
    "![x](https://example.org/x.png)",
    '![x](x"onerror="window.hit=1)',
    "[x]: javascript:window.hit=1\n[x]",
    "<javascript:window.hit=1>",
    "[x](<javascript:window.hit=1>)",
    "# x\n\n<script>window.hit=1</script>",
    "```\n</code></pre><script>window.hit=1</script>\n```",
    "    </code><script>window.hit=1</script>",
    "| a |\n|---|\n| <img src=x onerror=window.hit=1> |",
    "a\n---\nb: [*x]",
    "- x\n- [ ] <script>window.hit=1</script>",
    "`x` <img src=x onerror=window.hit=1>",
    "*x* **y** _z_ ~~w~~ `v`",
    "a]b[c](d)",
    "x\\",
    "x\\n</script>",
    '""" . <x> <y> <z> . """',
    '\\""" . <urn:evil> <urn:p> <urn:o> .',
    "> . <urn:evil> <urn:p> <urn:o> . #",
    "' . \" ' '''",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
    "]]>",
    "<![CDATA[x]]>",
    "&unknown; &",
    "x: y # z",
    "- x",
    "!!python/object/apply:os.system [id]",
    "*alias &anchor",
    "@x",
    "%YAML 1.2",
    "[]:*?/\\'",
    "'x'",
    "History",
    "x" * 40,
    "\u202e\u2066evil\u2069",
    "e\u0301 \u0130 \U0001f3f3\ufe0f\u200d\U0001f308",
]
"""What other forms would misread."""
PAYLOADS = [*SCRIPTS, *MARKS]
SETTINGS = '[tool.publisher]\ntarget = "public"\nbase_url = "https://data.example.org/"\nlanguages = ["en", "fr"]\n'
SAFE = "/?#&='();*!,:@$~-._[]"
"""Signs that an address may hold as they are."""
SHARE = 10
"""Payloads in one package of an ordinary run."""
PLACES = ("homepage", "licenses", "contributors", "sources", "spatial", "email", "accrualPeriodicity", "temporal")


def attacks() -> Iterator[Attack]:
    """Each payload in every text of a package of its own in full runs; else some share one. And each for an address."""
    share = 1 if FULL else SHARE
    for start in range(0, len(PAYLOADS), share):
        group = PAYLOADS[start : start + share]
        yield Attack(
            f"{start} {group!r:.80}",
            {"pyproject.toml": SETTINGS, **files(group)},
            ends=(HARMLESS, REFUSED),
            arguments=("publish", "p", "--message", group[0]),
            judge=lambda folder: faults(folder / "public") if (folder / "public/p/versions.json").exists() else "",
            inputs=len(group),
        )
    for number, payload in enumerate(PAYLOADS):
        place = PLACES[number % len(PLACES)]
        yield Attack(
            f"{number} for an address, {place} {payload!r:.80}",
            addressed(place, payload),
            ends=(REFUSED,) if payload in RUNNING else (REFUSED, HARMLESS),
        )


RUNNING = {
    payload for payload in SCRIPTS if payload.strip().lower().startswith(("<", "javascript:", "vbscript:", "data:"))
}


def addressed(place: str, payload: str) -> dict[str, Body]:
    """A package with the payload where an address, a mail or a day belongs."""
    value: Any = {
        "spatial": {"uri": payload},
        "temporal": {"start": payload},
        "homepage": payload,
        "accrualPeriodicity": payload,
    }.get(place, [{"title": "x", "path": payload}])
    if place == "email":
        place, value = "contributors", [{"title": "x", "email": payload}]
    return project(package(resource(), **{place: value}))


def text(rows: Sequence[Sequence[str]]) -> str:
    held = io.StringIO()
    csv.writer(held, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return held.getvalue()


def fits_a_cell(text: str) -> bool:
    """Whether the validator lets it pass: nothing invisible, nothing decomposed. Other texts of a package are not held to that."""
    return not (BIDI.search(text) or INVISIBLE.search(text)) and unicodedata.is_normalized("NFC", text)


def files(payloads: Sequence[str], name: str = "p") -> dict[str, Body]:
    """A package with the payloads in every text that it has, taken in turn."""
    turns = iter(payloads[number % len(payloads)] for number in range(10_000))

    def take() -> str:
        return next(turns)

    def link() -> dict[str, Any]:
        address = f"https://example.org/'?x=&#{quote(take(), safe=SAFE)}"
        return {"title": take(), "path": address, "email": "x@example.org", "version": take(), "name": take()}

    cells = [payload for payload in payloads if fits_a_cell(payload)] or ["x"]
    fields = [
        {"name": "id", "type": "integer", "title": take(), "description": take(), "example": 1},
        {
            "name": "name",
            "type": "string",
            "title": take(),
            "title@fr": take(),
            "description": take(),
            "example": take(),
        },
        {
            "name": "kind",
            "type": "string",
            "title": take(),
            "categories": [{"value": cell, "label": take(), "label@fr": take()} for cell in dict.fromkeys(cells)],
        },
    ]
    schema = {"fields": fields, "primaryKey": "id"}
    rows = [[str(number), cell, cell] for number, cell in enumerate(cells)]
    described = {
        "name": name,
        "title": take(),
        "title@fr": take(),
        "description": take(),
        "description@fr": take(),
        "keywords": [take(), take()],
        "licenses": [link()],
        "contributors": [link(), {"title": take(), "path": "https://example.org/x", "email": "x@example.org"}],
        "sources": [link()],
        "homepage": f"javascript/{quote(take(), safe=SAFE)}",
        "spatial": {"title": take(), "uri": f"https://example.org/{quote(take(), safe=SAFE)}"},
        "versionRules": take(),
        "publisher": {"allow": ["email", "phone", "password", "token"]},
        "resources": [
            {
                "name": "t",
                "path": "t.csv",
                "title": take(),
                "title@fr": take(),
                "description": take(),
                "schema": schema,
                "sources": [link()],
                "licenses": [link()],
                "publisher": {"label": "name"},
            },
            {"name": "q", "query": "q.sql", "title": take(), "description": take(), "schema": {"fields": fields[:2]}},
        ],
    }
    return {
        f"datasets/{name}/datapackage.json": json.dumps(described),
        f"datasets/{name}/t.csv": text([["id", "name", "kind"], *rows]),
        f"datasets/{name}/q.sql": "SELECT id, name FROM t ORDER BY id",
    }
