"""Why a testpoint was not asked for, in the reader's language. The plan says it in English, in a handful of forms."""

from __future__ import annotations

import re

from pipeline.messages import text
from pipeline.reports.visible import short

_FORMS = (
    (re.compile(r"not for profile (?P<profile>\w{1,40})"), "report_reason_profile"),
    (re.compile(r"profile (?P<profile>\w{1,40}) has no (?P<bus>[\w-]{1,40}) bus"), "report_reason_bus"),
    (re.compile(r"milestone (?P<milestone>\w{1,12}) is not asked by the policy"), "report_reason_milestone"),
    (re.compile(r"the manifest declares no (?P<feature>.{1,120})"), "report_reason_feature"),
    (re.compile(r"not implemented in this release"), "report_reason_unimplemented"),
)


def known(reason: str) -> bool:
    """The reason has one of the plan's forms."""
    return any(form.fullmatch(reason) for form, _ in _FORMS)


def reason(english: str, lang: str) -> str:
    """The plan's reason in `lang`; one of an unknown form stays as it is."""
    for form, key in _FORMS:
        if found := form.fullmatch(english):
            return text(key, lang, **found.groupdict())
    return short(english, 80)
