"""How OpenAPI describes that a path can be read. In: a summary, a media type, parameters. Out: plain values of OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ANSWERS = {
    "304": {"description": "The document is still the one whose ETag was sent in If-None-Match."},
    "404": {
        "description": "There is no such document and never was: removed records leave a tombstone (200, `status` 410)."
    },
}
HEADERS = {
    "ETag": {"description": "Changes with the bytes; send it back in If-None-Match.", "schema": {"type": "string"}},
    "Last-Modified": {"description": "When the document was last written.", "schema": {"type": "string"}},
    "Cache-Control": {
        "description": "How long the document may be kept; `immutable` for files of a release.",
        "schema": {"type": "string"},
    },
    "Content-Length": {"description": "Bytes.", "schema": {"type": "integer"}},
}
PARAMETERS = {
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of the copy you have.",
        "schema": {"type": "string"},
    },
    "Range": {
        "name": "Range",
        "in": "header",
        "description": "A part of the document, such as bytes=0-1023; answered by 206.",
        "schema": {"type": "string"},
    },
}


def get(
    tag: str, summary: str, kind: str, schema: str = "", parameters: Sequence[Any] = (), **more: Any
) -> dict[str, Any]:
    """A path that can be read."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{schema}"}} if schema else {}
    answer = {
        "description": summary,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS},
        "content": {kind: content | more},
    }
    part = {"description": "The part that Range asked for.", "content": {kind: {}}}
    found: dict[str, Any] = {"tags": [tag], "summary": summary}
    shared = [{"$ref": f"#/components/parameters/{name}"} for name in PARAMETERS]
    found["parameters"] = [*parameters, *shared]
    found["responses"] = {"200": answer, "206": part} | {
        code: {"$ref": f"#/components/responses/{code}"} for code in ANSWERS
    }
    return {"get": found}


def parameter(name: str, description: str, example: str | None, **schema: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": "path", "required": True, "description": description}
    found["schema"] = {"type": "string", **schema}
    return found | ({"example": example} if example is not None else {})
