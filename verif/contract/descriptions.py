"""What every key of `assay.toml` means, in English and Korean. The texts are in descriptions.toml, nowhere else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def descriptions(lang: str) -> Mapping[str, str]:
    """Path of a key (`channel.roles.last`) -> its meaning in `lang`, en or ko."""
    return {path: texts[lang] for path, texts in read_texts("descriptions.toml").items()}


def read_texts(name: str) -> dict[str, Any]:
    """A file of texts beside this module."""
    return tomllib.loads(resources.files("verif.contract").joinpath(name).read_text(encoding="utf-8"))
