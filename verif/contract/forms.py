"""What JSON Schema says of each converter: noted beside the converter, put together for tables. Reading never looks here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from verif.contract.reader import Convert, Key

Form = dict[str, Any]
_FORMS: dict[Convert, Form] = {}
_C = TypeVar("_C", bound=Convert)


def formed(form: Form) -> Callable[[_C], _C]:
    """Decorator: note the form of a converter."""

    def note(convert: _C) -> _C:
        _FORMS[convert] = form
        return convert

    return note


def form_of(convert: Convert) -> Form:
    """The noted form; raises KeyError for a converter without one."""
    return _FORMS[convert]


def table_form(keys: Mapping[str, Key]) -> Form:
    """A table with exactly these keys."""
    required = [name for name, key in keys.items() if key.required]
    properties = {name: key_form(key) for name, key in keys.items()}
    form: Form = {"type": "object", "additionalProperties": False, "properties": properties}
    return form | ({"required": required} if required else {})


def key_form(key: Key) -> Form:
    """The form of a value. A key that this release refuses keeps its form, so that editors know it, but allows nothing."""
    form = dict(form_of(key.convert))
    if key.later:
        return form | {"not": {}, "description": f"Not in this release: {key.later}."}
    return form | ({"default": key.default} if isinstance(key.default, bool | int | str) else {})
