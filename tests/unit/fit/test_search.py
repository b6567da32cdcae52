"""Which readings of a manifest are tried, which of them come to the same, and how the one that fits is written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from verif.contract.check import check_contract
from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.fit.alike import alike
from verif.fit.axes import axes
from verif.fit.search import MOST, Reading, readings
from verif.fit.trial import chunks, classes, joined, sent_by, works
from verif.fit.write import COMMENT, written
from verif.judge.given import given

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"


def read(text: str) -> Contract:
    contract, wrong = read_manifest(text)
    assert contract is not None, wrong
    return contract


def example(name: str, *changes: tuple[str, str]) -> str:
    text = (EXAMPLES / name / "assay.toml").read_text()
    for find, put in changes:
        assert find in text
        text = text.replace(find, put, 1)
    return text


def searched(text: str, *facts: str) -> tuple[Reading, ...]:
    contract = read(text)
    return readings(text, contract, [one for one in axes(text, contract) if not facts or one.fact in facts]).readings


def reading(text: str, **changes: str) -> Reading:
    named = {fact.replace("__", "."): value for fact, value in changes.items()}
    found = [one for one in searched(text) if {fact: c.value for fact, c in one.changes.items()} == named]
    assert len(found) == 1
    return found[0]


def test_orders_and_times_of_a_manifest() -> None:
    text = example("serial_dot")
    found = {axis.fact: axis for axis in axes(text, read(text))}
    assert list(found) == [
        "channel.x.delay", "channel.x.every", "channel.y.delay", "channel.y.every", "operation.dot.stream.1.loops",
    ]  # fmt: skip
    assert sorted(int(choice.value) for choice in found["channel.y.delay"].choices) == [0, 1, *range(3, 65)]
    assert [choice.value for choice in found["channel.y.delay"].choices[:3]] == ["1", "3", "0"]
    assert [choice.value for choice in found["operation.dot.stream.1.loops"].choices] == ["h: 2, k: K"]


def test_a_loop_stays_inside_those_that_its_extent_needs() -> None:
    text = example("mac_pe", ('loops = ["m: M", "k: K"]', 'loops = ["m: M", "k: m+1", "z: 2"]'))
    (axis,) = [one for one in axes(text, read(text)) if one.fact.endswith("stream.0.loops")]
    assert [choice.value for choice in axis.choices] == ["m: M, z: 2, k: m+1", "z: 2, m: M, k: m+1"]


def test_a_delay_that_is_an_expression_moves_by_cycles() -> None:
    text = example("serial_dot", ('delay = "2"', 'delay = "K - K + 2"'))
    (axis,) = [one for one in axes(text, read(text)) if one.fact == "channel.y.delay"]
    assert [choice.value for choice in axis.choices[:3]] == ["(K - K + 2) - 1", "(K - K + 2) + 1", "(K - K + 2) - 2"]


def test_fewer_than_a_hundred_and_the_nearest_first() -> None:
    text = example("serial_dot")
    contract = read(text)
    found = readings(text, contract, axes(text, contract))
    assert len(found.readings) == MOST < 100
    assert not found.readings[0].changes
    costs = [sum(choice.cost for choice in one.changes.values()) for one in found.readings]
    assert costs == sorted(costs)
    assert found.left_off == 65 * 8 * 65 * 8 * 2 - MOST
    assert all(tomllib.loads(one.text) != tomllib.loads(text) for one in found.readings[1:])
    assert found == readings(text, contract, axes(text, contract))


def test_every_reading_says_what_it_changes_and_nothing_else() -> None:
    text = example("serial_dot")
    one = reading(text, channel__y__delay="4", operation__dot__stream__1__loops="h: 2, k: K")
    assert one.text == example("serial_dot", ('delay = "2"', 'delay = "4"'), ('["k: K", "h: 2"]', '["h: 2", "k: K"]'))


def test_readings_that_differ_are_told_apart_and_equal_ones_are_one() -> None:
    text = example("mac_pe", ('loops = ["m: M", "k: K"]', 'loops = ["m: M", "k: K", "z: 1"]'))
    fact = "operation.dot.stream.0.loops"
    made = searched(text, fact)
    told = classes(made)
    assert len(made) == 6
    orders = [one.changes[fact].value for one in made[1:]]
    same = {order for order, first in zip(orders, told.first[1:], strict=True) if first == 0}
    assert same == {"m: M, z: 1, k: K", "z: 1, m: M, k: K"}
    assert len({first for first in told.first if first is not None}) == 2


def test_a_reading_that_cannot_be_driven_means_nothing() -> None:
    text = example("serial_dot", ('delay = "2"', 'delay = "2 + 0"'))
    made = searched(text, "channel.y.delay")
    told = classes(made)
    values = {one.changes["channel.y.delay"].value for one, at in zip(made[1:], told.first[1:], strict=True) if at is None}
    assert values == {f"(2 + 0) - {cycles}" for cycles in range(3, 17)}


def test_chunks_hold_the_first_of_each_class() -> None:
    assert chunks((0, 1, 1, None, 4, 5), 2) == ((0, 1), (4, 5))
    assert chunks((None, 1), 2) == ((1,),)


def test_one_file_for_several_readings() -> None:
    """Joined jobs are read as if each stood alone: same beats, same values, numbers without a hole."""
    contracts = [one.contract for one in searched(example("serial_dot"), "channel.y.delay")[:3]]
    jobs = list(works(contracts[0]))
    parts = [sent_by(contract, work) for contract in contracts for work in jobs]
    whole = joined(parts)
    assert whole.job["job"].tolist() == list(range(len(parts)))
    assert whole.op["op"].tolist() == list(range(len(whole.op)))
    operations = given(contracts[0], whole)
    for number, part in enumerate(parts):
        assert [one.variables for one in operations[number]] == [one.variables for one in given(contracts[0], part)[0]]
        op = int(whole.job["op_first"][number])
        row, alone = whole.segment[2 * op], part.segment[0]
        sent = whole.word["value"][int(row["word_first"]) :][: int(row["count"])]
        assert np.array_equal(sent, part.word["value"][int(alone["word_first"]) :][: int(alone["count"])])
        assert whole.segment["delay"][2 * op + 1] == part.segment["delay"][1]


def test_lanes_of_both_operands_reversed_are_the_same_to_every_pin() -> None:
    text = example("cfu_simd")
    made = searched(text, *(f"operation.dot.stream.1.fields.{name}" for name in "ab"))
    done = list(works(made[0].contract))
    found = {tuple(sorted(fact[-1] for fact in one.changes)): alike(made[0], one, done) for one in made[1:]}
    assert found == {("a",): False, ("b",): False, ("a", "b"): True}


def test_a_delay_is_never_the_same_as_another() -> None:
    made = searched(example("array_mac"), "channel.y.delay")
    assert not alike(made[0], made[1], list(works(made[0].contract)))


def test_a_fitted_manifest_says_so_and_is_still_in_order() -> None:
    text = example(
        "serial_dot", ('every = "1"\nfields = { data = "dout_o" }', 'every = "1" # always\nfields = { data = "dout_o" }')
    )
    one = reading(text, channel__y__every="2", operation__dot__stream__1__loops="h: 2, k: K")
    made = written(text, one)
    assert made is not None
    assert 'profile = "vr"\nfitted = ["channel.y.every", "operation.dot.stream.1.loops"]\n' in made
    assert f'every = "2" # always  {COMMENT}\n' in made
    assert f'loops = ["h: 2", "k: K"]  {COMMENT}\n' in made
    assert made.count(COMMENT) == 2
    assert read(made).fitted == ("channel.y.every", "operation.dot.stream.1.loops")
    assert [one for one in check_contract(read(made)) if one.severity == "error"] == []


def test_a_second_search_adds_to_the_list() -> None:
    text = example("serial_dot", ('profile = "vr"\n', 'profile = "vr"\nfitted = [\n  "channel.x.delay", # old\n]\n'))
    made = written(text, reading(text, channel__y__delay="4"))
    assert made is not None
    assert read(made).fitted == ("channel.x.delay", "channel.y.delay")


FORMS = {
    "inline": 'contract = { version = "1.0", profile = "vr" }\n',
    "dotted": 'contract.version = "1.0"\ncontract.profile = "vr"\n',
    "indented": '[contract]\n  version = "1.0"\n  profile = "vr" # here\n',
}


@pytest.mark.parametrize("form", FORMS)
def test_other_ways_to_write_the_section(form: str) -> None:
    text = example("serial_dot", ('[contract]\nversion = "1.0"\nprofile = "vr"\n', FORMS[form]))
    made = written(text, reading(text, channel__y__delay="4"))
    assert made is not None
    assert read(made).fitted == ("channel.y.delay",)
    assert tomllib.loads(made)["channel"][1]["delay"] == "4"


def test_a_loop_on_a_line_of_its_own_and_a_text_of_several_lines() -> None:
    text = example("serial_dot", ('["k: K", "h: 2"]', '[\n  "k: K",\n  """h: 2""",\n]'))
    made = written(text, reading(text, operation__dot__stream__1__loops="h: 2, k: K"))
    assert made is not None
    assert f'  "h: 2",  {COMMENT}\n' in made
    several = example("serial_dot", ('delay = "2"', 'delay = """\n2"""'))
    made = written(several, reading(several, channel__y__delay="4"))
    assert made is not None
    assert tomllib.loads(made)["channel"][1]["delay"] == "4"


def test_a_comment_never_becomes_part_of_a_text() -> None:
    text = example("cfu_simd", ('"pack(A[n,i] for i in 4)"', '"""pack(A[n,i]\n for i in 4)"""'))
    (one,) = [one for one in searched(text, "operation.dot.stream.1.fields.a") if one.changes]
    made = written(text, one)
    assert made is not None
    assert COMMENT not in made
    assert read(made).fitted == ("operation.dot.stream.1.fields.a",)
    assert read(made).operations[0].streams[1].fields["a"].value == "pack(A[n,((4) - 1 - i)]\n for i in 4)"


def test_a_name_in_quotes_is_left_to_the_user() -> None:
    text = example("serial_dot", ('profile = "vr"', '"profile" = "vr"'))
    assert written(text, reading(text, channel__y__delay="4")) is None


@pytest.mark.parametrize(("fact", "rule"), [("channel.z.delay", "E-MAN-049"), ("done", "E-MAN-050")])
def test_a_mark_on_nothing_is_refused(fact: str, rule: str) -> None:
    text = example("serial_dot", ('profile = "vr"\n', f'profile = "vr"\nfitted = ["channel.y.delay", "{fact}"]\n'))
    (found,) = check_contract(read(text))
    assert (found.rule, found.severity, found.span.line, found.span.column) == (rule, "error", 5, 31)


def test_readings_that_expect_other_results_are_not_one() -> None:
    """The stimulus holds no results: an order of outputs shows in what is expected only."""
    text = example("dwconv")
    made = searched(text, "operation.depthwise.stream.2.loops")
    assert [sent_by(one.contract, work).pack() for one in made[:1] for work in works(made[0].contract)] == [
        sent_by(one.contract, work).pack() for one in made[1:] for work in works(made[0].contract)
    ]
    assert classes(made).first == (0, 1)
