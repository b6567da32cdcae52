// Python's side of the buffer layer. See assay_dpi.h.
#include <algorithm>

#include "assay_engine.h"

using namespace assay;

namespace {

bool fits(const ChannelRow& row, const ChannelRow& harness) {
    return row.width == harness.width && row.words == (row.width + 31) / 32 && row.clock == harness.clock &&
           row.clock < kClocks;
}

Channel channel_of(const ChannelRow& row) {
    Channel c{};
    c.width = row.width;
    c.words = row.words;
    c.clock = row.clock;
    c.origin = row.origin;
    c.origin_at = row.origin_at;
    c.top_mask = c.width % 32 ? (1u << c.width % 32) - 1 : ~0u;
    c.payload.assign(c.words, 0);
    return c;
}

// Every row's origin lies inside the tables; the layer trusts it from here on.
bool link_origins() {
    for (Channel& c : e.channels) {
        const bool beats = c.origin == kFromFirst || c.origin == kFromLast;
        if (c.origin > kFromPulse || (beats && c.origin_at >= e.channels.size())) return false;
        if (c.origin == kFromPulse && (uint64_t{c.origin_at} + 1) * kWordsPerSignal > e.t.hold_words) return false;
        if (beats) e.channels[c.origin_at].has_followers = true;
    }
    return true;
}

}  // namespace

extern "C" {

int assay_open(const Tables* tables) {
    e = Engine{};
    e.t = *tables;
    if (e.t.channels != declared.size() || e.t.hold_words > declared_hold_words) return -1;
    for (uint64_t i = 0; i < e.t.channels; ++i) {
        if (!fits(e.t.channel[i], declared[i])) return -1;
        e.channels.push_back(channel_of(e.t.channel[i]));
    }
    if (!link_origins()) return -1;
    e.ops.assign(e.t.ops, OpResult{});
    e.left.assign(e.t.ops, 0);
    e.stepped.assign(e.t.ops, 0);
    e.has_steps.assign(e.t.ops, 0);
    e.driven.assign(e.t.ops * e.t.channels, 0);
    for (uint64_t i = 0; i < e.t.ops; ++i) {
        e.ops[i].op = e.t.op[i].op;
        for (uint64_t c = 0; c < e.t.channels; ++c) e.left[i] += segment(i, c).count != 0;
    }
    e.hold.assign(e.t.hold_words, 0);
    e.base = e.hold;
    return 0;
}

int assay_begin(uint32_t number) {
    if (e.running || number >= e.t.jobs) return -1;
    Begun begun;
    begun.row = number;
    begun.result.job = e.t.job[number].job;
    begun.result.sequence = static_cast<uint32_t>(e.jobs.size());
    begun.result.status = kNotRun;
    for (uint64_t i = 0; i < e.t.channels; ++i) begun.traces.push_back(std::make_unique<Trace>());
    e.jobs.push_back(std::move(begun));
    return 0;
}

int assay_drive(uint32_t channel, uint32_t op_first, uint32_t count) {
    if (e.running || channel >= e.t.channels || uint64_t{op_first} + count > e.t.ops) return -1;
    for (uint32_t op = op_first; op < op_first + count; ++op) e.driven[op * e.t.channels + channel] = 1;
    return 0;
}

int assay_steps(uint32_t op_first, uint32_t count) {
    if (e.running || uint64_t{op_first} + count > e.t.ops) return -1;
    std::fill_n(e.has_steps.begin() + op_first, count, 1);
    return 0;
}

int assay_start() {
    if (e.running || e.jobs.size() == e.finished) return -1;
    e.target = static_cast<uint32_t>(e.jobs.size());
    e.running = true;
    return 0;
}

uint32_t assay_finished() { return e.finished; }

int assay_job_result(uint32_t sequence, JobResult* result) {
    if (sequence >= e.finished) return -1;
    *result = e.jobs[sequence].result;
    return 0;
}

const OpResult* assay_op_results() { return e.ops.data(); }

int assay_observed(uint32_t sequence, uint32_t channel, Observed* seen) {
    if (sequence >= e.finished || channel >= e.t.channels || !e.jobs[sequence].traces[channel]) return -1;
    const Trace& trace = *e.jobs[sequence].traces[channel];
    *seen = {trace.watch, trace.cycles.data(), trace.words.data()};
    return 0;
}

int assay_release(uint32_t sequence, uint32_t channel) {
    if (sequence >= e.finished || channel >= e.t.channels) return -1;
    e.jobs[sequence].traces[channel].reset();
    return 0;
}

}  // extern "C"
