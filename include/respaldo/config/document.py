"""Read one YAML file into one model, keeping the line of every key for the messages."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from respaldo.domain.problems import ConfigurationProblemsError, Problem

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]

_YAML_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """Leaves a day that no calendar has (2027-02-30) as it is written: its model tells it with its key."""

    def moment(self, node: yaml.ScalarNode) -> object:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor(f"{_YAML_TAG}timestamp", _Loader.moment)


@dataclass(frozen=True)
class Document:
    """The data of a file and the YAML nodes that it came from."""

    path: Path
    data: Any
    root: yaml.Node | None

    def problem(
        self, location: Location, code: str, suggestion: str | None = None, **facts: object
    ) -> Problem:
        """Make a problem of this file: at a key, or at the nearest thing around it that is there."""
        file, line, keys = self._find(location)
        return Problem(
            file=file,
            line=line,
            key=".".join(keys),
            code=code,
            facts={name: str(value) for name, value in facts.items()},
            suggestion=suggestion,
        )

    def over(self, other: Document, sections: Sequence[str]) -> Document:
        """Give this file's keys, and below them those of sections of another, each over the one before.

        Each key knows where it stands.
        """
        found = [step[1] for name in sections if (step := _step(other.root, name)) is not None]
        if not found or self.root is None:
            return self
        root = functools.reduce(_merged, [*found, self.root])
        return Document(self.path, _Loader("").construct_document(root), root)

    def only(self, keys: Collection[str]) -> Document:
        """Give the file without its other keys."""
        return Document(self.path, {key: said for key, said in self.data.items() if key in keys}, self.root)

    def _find(self, location: Location) -> tuple[str, int, list[str]]:
        """Follow a location of pydantic. It names kinds of a union as well: those are in no file."""
        file, line, node, keys = str(self.path), 1, self.root, []
        kinds: list[yaml.Node] = []
        for place, step in enumerate(location):
            if node is not None and node not in kinds and _names_kind(node, step):
                # Not the key of the same name, which comes after it if it is meant.
                kinds.append(node)
                continue
            found = _step(node, step)
            if found is not None:
                mark, node = found
                file, line = mark.name, mark.line + 1
            is_last = place == len(location) - 1
            if found is not None or (is_last and (node in kinds or not _is_kind(node, step))):
                keys.append(str(step))
        return file, line, keys


def read(path: Path) -> Document:
    """Read a YAML file. Raise for what is no YAML, holds a key twice, or cannot be read at all."""
    try:
        with path.open(encoding="utf-8") as file:
            root = yaml.compose(file, Loader=yaml.SafeLoader)
        twice = tuple(_keys_twice(root))
        if twice:
            raise ConfigurationProblemsError(
                tuple(Problem(file=str(path), line=line, key=key, code="key_twice") for key, line in twice)
            )
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (a SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, 1, "file_unreadable", error) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unreadable(path, line, "not_yaml", error.problem) from error
    except (yaml.YAMLError, ValueError, TypeError, KeyError, RecursionError) as error:
        # PyYAML's own for what it cannot make a value of: one file must not keep the others from being read.
        raise _unreadable(path, 1, "not_yaml", str(error).partition("\n")[0]) from error
    document = Document(path, data, root)
    if not isinstance(data, dict):
        raise _unreadable(path, 1, "not_a_mapping", "")
    return document


def validated(document: Document, model: type[Model], data: Any = None) -> Model:  # noqa: ANN401
    """Make a model of a document's data (or of ``data``), or raise every mistake with its line."""
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        known = known_keys(model)
        raise ConfigurationProblemsError(
            tuple(
                document.problem(
                    found["loc"],
                    found["type"],
                    suggestion=_suggestion(found, known),
                    value=found["input"] if found["type"] != "missing" else "",
                    **_facts(found),
                )
                for found in error.errors(include_url=False)
                # Of a list pydantic counts only the good items, and would call one with a mistake empty.
                if not (found["type"] == "too_short" and found["input"])
            )
        ) from error


def known_keys(model: type[BaseModel]) -> frozenset[str]:
    """Name every key that a file of this model may hold, at any depth."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


def nearest(word: str, words: frozenset[str]) -> str | None:
    """Give the word that was probably meant, if one is near."""
    return next(iter(difflib.get_close_matches(word, sorted(words), n=1)), None)


def _suggestion(found: Any, known: frozenset[str]) -> str | None:  # noqa: ANN401  (pydantic's error)
    if found["type"] == "extra_forbidden":
        return nearest(str(found["loc"][-1]), known)
    return None


def _facts(found: Any) -> dict[str, object]:  # noqa: ANN401  (pydantic's error)
    facts: dict[str, object] = dict(found.get("ctx", {}))
    if "discriminator" in facts:
        # Named as Python has it, in quotes, and as the file has it, where that is another name.
        facts["discriminator"] = str(facts["discriminator"]).rpartition("|")[2].strip(" '")
    return facts


def _unreadable(path: Path, line: int, code: str, reason: object) -> ConfigurationProblemsError:
    return ConfigurationProblemsError(
        (Problem(file=str(path), line=line, code=code, facts={"reason": str(reason)}),)
    )


def _step(node: yaml.Node | None, step: int | str) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found = node.value[step]
        return found.start_mark, found
    return None


def _merged(below: yaml.Node, above: yaml.Node) -> yaml.Node:
    """Merge two nodes key by key; the one above wins. Two kinds of a thing have nothing in common."""
    if not (isinstance(below, yaml.MappingNode) and isinstance(above, yaml.MappingNode)):
        return above
    under, over = _by_key(below), _by_key(above)
    kinds = {found["kind"][1].value for found in (under, over) if "kind" in found}
    if len(kinds) > 1:
        return above
    pairs = under | over
    for name in under.keys() & over.keys():
        key, said = over[name]
        if said.tag == f"{_YAML_TAG}null":
            del pairs[name]
        else:
            pairs[name] = key, _merged(under[name][1], said)
    return yaml.MappingNode(above.tag, list(pairs.values()), above.start_mark, above.end_mark)


def _by_key(node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Give a mapping's keys, those that YAML merges into it (``<<``) too."""
    _Loader("").flatten_mapping(node)
    return {key.value: (key, value) for key, value in node.value}


def _is_kind(node: yaml.Node | None, step: int | str) -> bool:
    """Whether a step of a location is the kind that the mapping says that it is, and no key of it."""
    values = (value.value for _, value in node.value) if isinstance(node, yaml.MappingNode) else ()
    return any(value == step for value in values)


def _names_kind(node: yaml.Node, step: int | str) -> bool:
    """Whether a step of a location is what a mapping says under ``kind``."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return any((key.value, value.value) == ("kind", step) for key, value in pairs)


def _keys_twice(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """PyYAML keeps the last of two equal keys without a word."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield str(key.value), key.start_mark.line + 1
            seen.add(key.value)
            yield from _keys_twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _keys_twice(value)
