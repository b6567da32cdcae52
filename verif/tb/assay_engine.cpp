// Jobs, operations and their steps, once per edge of clock 0. See assay_dpi.h.
#include "assay_engine.h"

#include <algorithm>

namespace assay {

Engine e;
std::array<uint64_t, kClocks> now{};
unsigned clocks = 1;
std::vector<ChannelRow> declared;
uint64_t declared_hold_words = 0;

void end_op(uint32_t op) {
    e.ops[op].end = e.cycle;
    ++e.ended;
    e.last_end = e.cycle;
}

namespace {

constexpr unsigned kAsserted = 1, kDoneLevel = 2, kHoldChanged = 4;  // orders to the stepper
constexpr uint64_t kEdgesInReset = 3;  // that every other clock has at least, however short the reset

void set_hold(const std::vector<uint32_t>& value) {
    e.hold = value;
    e.hold_changed = true;
}

void begin_job() {
    const JobRow& j = row();
    e.phase = kReset;
    e.asserted_at = e.cycle;
    e.reset_from = now;
    e.op = j.op_first;
    e.op_end = j.op_first + j.op_count;
    e.ended = e.step = 0;
    e.op_started = e.pulsing = false;
    e.resume = e.pending = e.last_end = 0;
    std::fill(e.base.begin(), e.base.end(), 0);
    set_hold(e.base);
    for (uint32_t c = 0; c < e.channels.size(); ++c) {
        Channel& channel = e.channels[c];
        channel.queue.clear();
        channel.last = channel.seen = 0;
        channel.valid = false;
        channel.random = j.idle_seed ^ (0xA5A5A5A5ull * (c + 1));
        channel.planned = 0;
        for (uint32_t op = e.op; op < e.op_end; ++op) channel.planned += segment(op, c).count;
    }
}

void end_job(uint8_t status) {
    JobResult& result = job().result;
    result.status = status;
    result.ops_done = e.ended;
    result.reset_end = e.released_at;
    result.end = e.cycle;
    ++e.finished;
    e.phase = kIdle;
    if (e.finished < e.target) {
        begin_job();
    } else {
        e.running = false;
        e.done_level = !e.done_level;
    }
}

void queue_beats(uint32_t op, uint64_t mask) {
    for (uint32_t c = 0; c < e.channels.size(); ++c) {
        const SegmentRow& s = segment(op, c);
        Channel& channel = e.channels[c];
        if (!(mask >> c & 1) || !s.count || channel.origin || !e.driven[op * e.t.channels + c]) continue;
        channel.queue.push_back({op, 0, s.count, s.beat_first, s.word_first, now[channel.clock]});
    }
    e.pending &= ~mask;
}

bool may_start(const OpRow& o) {
    if (!e.has_steps[e.op]) return false;
    if (!o.wait_previous || e.op == row().op_first) return true;
    return e.ended == e.op - row().op_first && e.cycle > e.last_end + o.quiet;
}

void start_op(const OpRow& o) {
    e.op_started = true;
    e.step = 0;
    e.resume = e.wait_from = 0;
    e.ops[e.op].start = e.cycle;
    e.pending = 0;
    for (uint32_t i = 0; i < o.step_count; ++i) {
        const StepRow& s = e.t.step[o.step_first + i];
        if (s.kind == kStepRun) e.pending |= s.arg;
    }
    arm_fixed(e.op);
}

// Waiting steps: true when the event came, false to wait on; a step that ran out of time ends the job.
bool wait_over(const StepRow& s) {
    if (!e.wait_from) e.wait_from = e.cycle;
    if (e.latched >> s.arg & 1) {
        e.latched &= ~(1u << s.arg);
        e.wait_from = 0;
        return true;
    }
    if (s.within && e.cycle - e.wait_from >= s.within) end_job(kDeadline);
    return false;
}

void pulse(const StepRow& s) {
    const uint32_t* inverted = e.t.word + s.word_first;
    std::vector<uint32_t> pulsed = e.base;
    for (uint64_t i = 0; i < e.t.hold_words; ++i) pulsed[i] ^= inverted[i];
    set_hold(pulsed);
    e.pulsing = true;
    e.resume = e.cycle + s.arg;
    pulse_came(e.op, inverted);
}

// One step of the current operation; false when it takes (more) time.
bool run_step(const StepRow& s) {
    switch (s.kind) {
        case kStepRun: queue_beats(e.op, s.arg); return true;
        case kStepWait: return wait_over(s);
        case kStepAlign: return all_crossed();
        case kStepSet:
            e.base.assign(e.t.word + s.word_first, e.t.word + s.word_first + e.t.hold_words);
            set_hold(e.base);
            e.resume = e.cycle + 1;
            return true;
        case kStepPulse: pulse(s); return true;
        default: e.resume = e.cycle + s.arg; return true;
    }
}

bool step_is_due() {
    if (e.cycle < e.resume) return false;
    if (e.pulsing) {
        e.pulsing = false;
        set_hold(e.base);
    }
    return true;
}

void run_steps() {
    while (e.phase == kRun && e.op < e.op_end) {
        const OpRow& o = e.t.op[e.op];
        if (!e.op_started) {
            if (!may_start(o)) return;
            start_op(o);
        }
        while (e.step < o.step_count) {
            if (!step_is_due()) return;
            if (!run_step(e.t.step[o.step_first + e.step])) return;
            ++e.step;
        }
        if (!step_is_due()) return;
        e.stepped[e.op] = 1;
        e.pending = 0;
        if (!e.left[e.op]) end_op(e.op);
        ++e.op;
        e.op_started = false;
    }
}

void run_job() {
    const JobRow& j = row();
    if (e.cycle - e.released_at >= j.deadline) return end_job(kDeadline);
    if (e.cycle == e.released_at) return;
    run_steps();
    if (e.phase == kRun && e.ended == j.op_count && e.cycle > std::max(e.last_end, e.released_at) + j.quiet) end_job(kDone);
}

bool reset_is_over() {
    const uint64_t edges = std::max<uint64_t>(kEdgesInReset, row().reset_cycles);
    for (unsigned k = 1; k < clocks; ++k) {
        if (now[k] - e.reset_from[k] < edges) return false;
    }
    return e.cycle - e.asserted_at >= row().reset_cycles;
}

void advance() {
    e.cycle = now[0];
    if (!e.running) return;
    if (e.phase == kIdle) return begin_job();
    if (e.phase == kReset && reset_is_over()) {
        e.phase = kRun;
        e.released_at = e.cycle;
        e.latched = 0;
    }
    if (e.phase == kRun) run_job();
}

}  // namespace
}  // namespace assay

using namespace assay;

extern "C" {

void assay_clocks(unsigned int count) { clocks = count; }

int assay_running() { return e.running; }

int assay_edge(unsigned int rising) {
    for (unsigned k = 0; k < kClocks; ++k) now[k] += rising >> k & 1;
    if (!(rising & 1)) return 0;
    advance();
    return e.phase == kReset && e.asserted_at == e.cycle;
}

void assay_step_declare(unsigned int width) { declared_hold_words = (width + 31) / 32; }

unsigned int assay_step_edge(unsigned int events) {
    if (e.phase == kRun && e.cycle > e.released_at) e.latched |= events & ~e.events;
    e.events = events;
    return (e.phase != kRun ? kAsserted : 0) | (e.done_level ? kDoneLevel : 0) | (e.hold_changed ? kHoldChanged : 0);
}

void assay_step_hold(uint32_t* hold) {
    std::copy(e.hold.begin(), e.hold.end(), hold);
    e.hold_changed = false;
}

}  // extern "C"
