"""report.html: one file that needs nothing else. Its policy forbids everything but its own style sheet, named by digest."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.domain.dossier import Dossier
from pipeline.messages import text
from pipeline.reports.view import Page, page_view
from pipeline.reports.visible import visible


def html_report(dossier: Dossier, data: bytes, lang: str) -> bytes:
    """The page in UTF-8; `data` is report.json."""
    page = page_view(dossier, data, lang)
    style = _style(page)
    names = {"p": page, "style": Markup(style), "style_digest": style_digest(style)}  # noqa: S704 - packaged and filtered
    return templates(lang).get_template("report.html").render(names).encode()


def style_digest(style: str) -> str:
    """The source expression that allows exactly this style sheet: sha256-..."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def templates(lang: str) -> Environment:
    """Everything printed is escaped, and made visible first; a name that does not exist is a fault of ours."""
    environment = Environment(
        loader=PackageLoader("pipeline.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals["t"] = lambda key, **values: text(key, lang, **values)
    return environment


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def sheet(name: str) -> str:
    """A packaged style sheet."""
    return resources.files("pipeline.reports").joinpath("templates", name).read_text(encoding="utf-8")


def _style(page: Page) -> str:
    foot = text("report_page_foot", page.lang, number=page.number, run=page.run_id, digest=page.verdict_digest[:12])
    return with_foot(sheet("report.css") + sheet("waveform.css"), foot)


def with_foot(style: str, foot: str) -> str:
    """The style sheet, and at its end the foot of every printed page: what it is of. Only letters and digits get in."""
    kept = re.sub(r"[^\w .·,:/-]", "", foot)
    return f'{style}@page {{ @bottom-left {{ content: "{kept}"; }} }}\n'
