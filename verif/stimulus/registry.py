"""The one list of implemented rows: a testpoint is implemented when its generator stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verif.stimulus import contrast, exhaustive, floating, function, numerics, protocol
from verif.stimulus.bench import Bench
from verif.stimulus.values import JobValues

Family = Callable[[Bench], JobValues]

FAMILIES: Mapping[str, Family] = {
    "PRO-01": protocol.ready_gaps,
    "PRO-02": protocol.ready_after_valid,
    "PRO-03": protocol.reset_lengths,
    "PRO-05": protocol.packets,
    "PRO-26": protocol.responses,
    "PRO-30": protocol.input_gaps,
    "PRO-31": protocol.event_order,
    "PRO-32": protocol.scrambled_configuration,
    "FUN-01": function.smoke,
    "FUN-02": function.patterns,
    "FUN-03": function.coordinates,
    "FUN-04": function.random_shapes,
    "FUN-09": function.padding_value,
    "FUN-15": function.activation_limits,
    "FUN-16": exhaustive.table_inputs,
    "FUN-20": function.sequence,
    "FUN-31": function.shortest,
    "FUN-32": function.quiet_windows,
    "FUN-33": contrast.contrast,
    "NUM-01": numerics.extreme_products,
    "NUM-02": exhaustive.products,
    "NUM-05": numerics.ties,
    "NUM-06": numerics.double_rounding,
    "NUM-10": numerics.clip_bounds,
    "NUM-12": exhaustive.nibbles,
    "NUM-16": floating.rounding_ties,
    "ROB-01": protocol.back_pressure,
    "RST-01": protocol.power_up,
    "RST-06": protocol.idle_payload,
}
