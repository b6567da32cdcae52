"""The command: one verb a file, the texts of the help from the catalogue, the options that every verb has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipeline.cli.bank import bank
from pipeline.cli.check import check
from pipeline.cli.demo import demo
from pipeline.cli.designs import designs
from pipeline.cli.doctor import doctor
from pipeline.cli.explain import explain
from pipeline.cli.export import export
from pipeline.cli.init import init
from pipeline.cli.nightly import nightly
from pipeline.cli.register import register
from pipeline.cli.report import report
from pipeline.cli.repro import repro
from pipeline.cli.runs import runs
from pipeline.cli.schema import schema
from pipeline.cli.seeds import seeds
from pipeline.cli.show import show
from pipeline.cli.submit import submit
from pipeline.cli.up import up
from pipeline.cli.watch import watch
from pipeline.messages import LANGUAGES, text

VERBS = (
    init, explain, check, submit, watch, show, runs, report, export, repro,
    register, designs, nightly, seeds, up, doctor, demo, bank, schema,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Switches:
    """The options that every verb has, read before anything else: even a refusal must speak the right language."""

    json: bool = False
    no_color: bool = False
    lang: str = ""

    @staticmethod
    def read(argv: Sequence[str]) -> Switches:
        """As far as they can be known; a wrong language is refused later, by the parser."""
        given = list(argv[: argv.index("--")] if "--" in argv else argv)
        lang = next((word.partition("=")[2] for word in given if word.startswith("--lang=")), "")
        if "--lang" in given[:-1]:
            lang = given[given.index("--lang") + 1]
        return Switches("--json" in given, "--no-color" in given, lang if lang in LANGUAGES else "")


def build_command(lang: str) -> TyperGroup:
    """The whole command with its help in `lang`."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=False)
    app.callback(help=text("cli_help", lang))(_root)
    for verb in VERBS:
        app.command(verb.__name__, help=text(f"cli_help_{verb.__name__}", lang))(verb)
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("more than one verb makes a group")
    for command in group.commands.values():
        command.params += _common()
        command.short_help = command.help  # the list of verbs cuts nothing off
        for parameter in command.params:
            parameter.help = text(f"cli_option_{parameter.name}", lang)  # type: ignore[attr-defined]  # Typer's own have one
    return group


def _root() -> None:
    """Nothing happens without a verb."""


def _known_language(value: str) -> str:
    if value and value not in LANGUAGES:
        raise typer.BadParameter(f"{value!r}: {', '.join(LANGUAGES)}")
    return value


def _switches(
    *,
    json: Annotated[bool, typer.Option("--json", show_default=False)] = False,
    lang: Annotated[str, typer.Option(metavar="|".join(LANGUAGES), callback=_known_language, show_default=False)] = "",
    no_color: Annotated[bool, typer.Option("--no-color", show_default=False)] = False,
) -> Switches:
    return Switches(json, no_color, lang)


def _common() -> list[Any]:
    """The options of `Switches`, for one verb: declared, explained and checked here, read before."""
    donor = typer.Typer(add_completion=False)
    donor.command()(_switches)
    parameters = list(typer.main.get_command(donor).params)
    for parameter in parameters:
        parameter.expose_value = False
    return parameters
