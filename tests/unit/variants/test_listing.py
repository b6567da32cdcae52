"""Single-edit variants: what is edited, that nothing else is, and that their number is bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from pipeline.messages import LANGUAGES, text, words
from verif.contract.model import Contract, Operation
from verif.contract.syntax import parse_math, parse_pack
from verif.variants import listing
from verif.variants.listing import readings, variants
from verif.variants.model import Variant

Load = Callable[..., Contract]
NAMES = ("gemm", "gemm_n16", "gemm_q", "add")
STREAM_WORDS = {"output", "input"}


def by_id(contract: Contract) -> dict[str, Variant]:
    found = variants(contract)
    assert len({one.id for one in found}) == len(found)
    return {one.id.partition(".")[2]: one for one in found}


def line(variant: Variant, number: int) -> str:
    return variant.contract.operations[variant.operation].math[number].value


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_is_another_contract_with_words_in_both_languages(load: Load, name: str) -> None:
    contract = load(name)
    for one in variants(contract):
        assert one.contract != contract, one.id
        assert one.word in words()
        for lang in LANGUAGES:
            assert "<" not in re.sub(r"<<|<=", "", text(one.word, lang, **one.args)), one.id


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_changes_one_clause_of_one_operation(load: Load, name: str) -> None:
    contract = load(name)
    for one in variants(contract):
        assert [k.id for k in one.contract.operations] == [k.id for k in contract.operations]
        if one.kind == "timing":
            continue
        rest = replace(one.contract, operations=contract.operations)
        assert rest == contract, one.id
        assert len(changed(contract.operations[one.operation], one.contract.operations[one.operation])) == 1, one.id


def changed(base: Operation, other: Operation) -> list[str]:
    found = []
    for name in (field.name for field in fields(base)):
        before, after = getattr(base, name), getattr(other, name)
        if name in {"math", "streams", "steps"} and len(before) == len(after):
            found += [f"{name}.{i}" for i, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
        elif before != after:
            found.append(name)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_variant_parses(load: Load, name: str) -> None:
    for one in variants(load(name)):
        operation = one.contract.operations[one.operation]
        for text_ in operation.math:
            parse_math(text_.value)
        for stream in operation.streams:
            for packed in stream.fields.values():
                parse_pack(packed.value)


def test_the_math_of_a_requantised_product_is_varied_clause_by_clause(load: Load) -> None:
    found = by_id(load("gemm"))
    assert line(found["C.round.conv_even"], 1).endswith("shift[n], conv_even) + zp[n], -128, 127)")
    assert line(found["C.clip.removed"], 1) == "C[m,n] = (round(S[m,n] * mult[n], shift[n], half_up) + zp[n])"
    assert line(found["C.clip.low.inside"], 1).endswith("zp[n], -127, 127)")
    assert line(found["C.minus"], 1) == "C[m,n] = clip((round(S[m,n] * mult[n], shift[n], half_up)) - (zp[n]), -128, 127)"
    assert line(found["C.relu.added"], 1).startswith("C[m,n] = clip(relu(round(")
    assert line(found["C.shift.more"], 1).count("(shift[n]) + 1") == 1
    assert line(found["S.sum.k.last"], 0) == "S[m,n] = sum(A[m,k] * B[k,n] for k in ((K) - 1))"
    assert line(found["S.index.B"], 0) == "S[m,n] = sum(A[m,k] * B[n,k] for k in K)"
    assert found["S.saturate"].contract.operations[0].overflow == {"S": "saturate"}
    assert {one for one in found if one.startswith("C.round")} >= {
        "C.round.floor",
        "C.round.symmetric_inf",
        "C.round.truncate",
    }
    assert "C.round.pos_inf" not in found, "the declared one"


def test_a_relu_is_removed_where_there_is_one(load: Load) -> None:
    found = by_id(load("gemm_q"))
    assert line(found["C.relu.removed"], 1) == "C[m,n] = clip(round((S[m,n]) * mult, shift, half_up), -128, 127)"
    assert "C.relu.added" not in found


def test_streams_are_varied_in_order_lanes_items_bytes_and_last(load: Load) -> None:
    found = by_id(load("gemm"))
    output, parameters = found["c.loops.nt.mt"], found["q.data.bytes.mult"]
    assert [name for name, _ in output.contract.operations[0].streams[3].loops] == ["nt", "mt", "r"]
    assert output.kind == "output"
    lanes = found["c.data.lanes.j"].contract.operations[0].streams[3].fields["data"].value
    assert lanes == "pack(C[mt*T+r, nt*T+((T) - 1 - j)] for j in T)"
    assert parameters.kind == "input"
    packed = parameters.contract.operations[0].streams[2].fields["data"].value
    assert packed.startswith("pack((bits(mult[nt*T+j], 15, 8), bits(mult[nt*T+j], 7, 0), zp[nt*T+j]")
    assert found["c.last.never"].contract.operations[0].streams[3].fields["last"].value == "0"
    assert "c.last.end.nt" in found
    assert "c.last.end.r" not in found, "that is what the manifest says"
    assert {"A.unsigned", "B.unsigned", "mult.signed"} <= set(found)


def test_four_bit_elements_change_places_inside_a_byte(load: Load) -> None:
    found = by_id(load("gemm_q", {"i8[M,K]": "i4[M,K]"}))
    assert (
        found["a.data.nibbles"].contract.operations[0].streams[1].fields["data"].value
        == "pack(A[r, kt*T+(i ^ 1)] for i in T)"
    )


def test_steps_and_events_are_varied_as_matters_of_time(load: Load) -> None:
    found = by_id(load("gemm_q"))
    timed = {name for name, one in found.items() if one.kind == "timing"}
    assert timed == {"hold.none", "hold.done", "hold.next", "wait.none", "done.level"}
    assert found["hold.done"].contract.operations[0].steps[0].until == "done"
    assert found["done.level"].contract.events[0].value == 0


def test_equal_by_types_and_ranges_is_said(load: Load) -> None:
    gemm, short = by_id(load("gemm")), by_id(load("gemm_q"))
    assert {name for name, one in gemm.items() if one.equal} == {"C.round.tflite_single", "S.saturate", "C.saturate"}
    assert short["C.round.tflite_double"].equal, "no legal shift is beyond 31"
    narrow = by_id(load("gemm", {'S = "i32[M,N]"': 'S = "i16[M,N]"'}))
    assert not narrow["S.saturate"].equal


def test_their_number_is_bounded_and_every_operation_keeps_its_share(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    base = load("gemm")
    twice = replace(base, operations=(base.operations[0], replace(base.operations[0], id="again")))
    whole = readings(twice)
    assert (len(whole.variants), whole.cut) == (2 * len(variants(base)), 0)
    monkeypatch.setattr(listing, "MOST", 20)
    cut = readings(twice)
    assert len(cut.variants) == 20
    assert cut.cut == len(whole.variants) - 20
    assert [sum(one.operation == number for one in cut.variants) for number in (0, 1)] == [10, 10]
