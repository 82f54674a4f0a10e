"""YAML as JSON. In: the text of a file. Out: plain JSON values, or a ProjectError that names the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from publisher.errors import ProjectError

_YAML = "tag:yaml.org,2002:"
_YAML_KINDS = frozenset(f"{_YAML}{kind}" for kind in ("null", "bool", "int", "float", "seq", "map", "str"))


class _Loader(yaml.SafeLoader):
    """YAML as JSON: no aliases (they multiply), no tags but JSON's own kinds, keys are text and stand once, dates and times are left as
    text."""

    yaml_constructors = {  # noqa: RUF012 - PyYAML's own class attribute, replaced as PyYAML means it to be
        tag: make for tag, make in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag in _YAML_KINDS
    }

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute, replaced as PyYAML means it to be
        letter: [item for item in resolvers if item[0] != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != f"{_YAML}str":
                shown = repr(key.value) if isinstance(key.value, str) else "this key"
                raise yaml.MarkedYAMLError(problem=f"{shown} is no text: put it in quotes", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_yaml(path: Path, text: str) -> Any:
    """The value that a text holds; `path` is its file. Raises ProjectError where it is not YAML that can be used."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, narrowed further
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ProjectError(f"{path}{place}: is not YAML that can be used: {error.problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ProjectError(f"{path}: is not YAML that can be used: {error}") from error
