// Buffer layer and job engine. See assay_dpi.h.
#include "assay_dpi.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

using namespace assay;

namespace {

enum Phase { kIdle, kReset, kRun };
enum StepKind { kStepRun, kStepSet, kStepPulse, kStepWait, kStepIdle };
enum IdleMode { kIdleZero, kIdleRandom, kIdleHold };
enum Mark { kDropped, kChanged, kInReset, kAfterReset, kFirstValid, kFirstReady };
constexpr uint8_t kFromValid = 1;                        // gap of an output beat counts from VALID
constexpr uint8_t kDone = 0, kDeadline = 1, kNotRun = 2;  // job status
constexpr uint64_t kSurplusKept = 1024;                  // surplus beats stored per (job, channel); all are counted
constexpr unsigned kValid = 1, kPayload = 2;             // orders to a source
constexpr unsigned kAsserted = 1, kDoneLevel = 2, kHoldChanged = 4;  // orders to the stepper

struct Queued {  // one operation's beats on one channel
    uint32_t op, at, count;
    uint64_t beat, word, since;  // since: cycle at which they were queued
};

struct Channel {
    uint32_t width, words, top_mask;
    std::deque<Queued> queue;
    uint64_t last = 0;      // cycle of the last accepted beat of this job
    uint64_t seen = 0;      // cycle at which VALID of the head beat was first seen, 0: not yet
    uint64_t random = 0;    // state of the idle payload's generator
    bool valid = false;     // sources: what is driven
    bool idle_due = false;  // sources: the payload to hand out is the idle one
    uint64_t planned = 0;   // beats of the running job
    std::vector<uint32_t> payload;
};

struct Trace {  // what one channel of one job brought
    WatchResult watch{};
    std::vector<uint64_t> cycles;
    std::vector<uint32_t> words;
};

struct Begun {
    uint32_t row;
    JobResult result{};
    std::vector<std::unique_ptr<Trace>> traces;
};

struct Engine {
    Tables t{};
    std::vector<Channel> channels;
    std::vector<Begun> jobs;
    std::vector<OpResult> ops;
    std::vector<uint32_t> left;     // per op: segments not yet crossed
    std::vector<uint8_t> stepped;   // per op: its steps ended
    std::vector<uint8_t> has_steps;  // per op: the stepper's driver handed them over
    std::vector<uint8_t> driven;    // per (op, channel): the channel's driver handed its beats over
    std::vector<uint32_t> hold, base;  // hold vector as driven, and without the running pulse
    Phase phase = kIdle;
    bool running = false, done_level = false, hold_changed = false;
    uint64_t cycle = 0, asserted_at = 0, released_at = 0, last_end = 0;
    uint32_t latched = 0, events = 0;
    uint32_t finished = 0, target = 0;  // jobs that ended; jobs to run before `done` toggles
    uint32_t op = 0, op_end = 0, ended = 0, step = 0;
    uint64_t resume = 0, wait_from = 0, pending = 0;  // pending: channels whose RUN of the current operation is to come
    bool op_started = false, pulsing = false;
};

Engine e;
std::vector<uint32_t> declared;   // width of every channel in the harness
uint64_t declared_hold_words = 0;  // room for the hold vector in the harness

uint64_t splitmix(uint64_t& state) {
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

Begun& job() { return e.jobs[e.finished]; }
const JobRow& row() { return e.t.job[job().row]; }
const SegmentRow& segment(uint32_t op, uint32_t channel) { return e.t.segment[op * e.t.channels + channel]; }

void set_hold(const std::vector<uint32_t>& value) {
    e.hold = value;
    e.hold_changed = true;
}

void begin_job() {
    const JobRow& j = row();
    e.phase = kReset;
    e.asserted_at = e.cycle;
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

void end_op(uint32_t op) {
    e.ops[op].end = e.cycle;
    ++e.ended;
    e.last_end = e.cycle;
}

void queue_beats(uint32_t op, uint64_t mask) {
    for (uint32_t c = 0; c < e.channels.size(); ++c) {
        const SegmentRow& s = segment(op, c);
        if (!(mask >> c & 1) || !s.count || !e.driven[op * e.t.channels + c]) continue;
        e.channels[c].queue.push_back({op, 0, s.count, s.beat_first, s.word_first, e.cycle});
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

// One step of the current operation; false when it takes (more) time.
bool run_step(const StepRow& s) {
    switch (s.kind) {
        case kStepRun: queue_beats(e.op, s.arg); return true;
        case kStepWait: return wait_over(s);
        case kStepSet:
            e.base.assign(e.t.word + s.word_first, e.t.word + s.word_first + e.t.hold_words);
            set_hold(e.base);
            e.resume = e.cycle + 1;
            return true;
        case kStepPulse: {
            std::vector<uint32_t> pulsed = e.base;
            for (uint64_t i = 0; i < e.t.hold_words; ++i) pulsed[i] ^= e.t.word[s.word_first + i];
            set_hold(pulsed);
            e.pulsing = true;
            e.resume = e.cycle + s.arg;
            return true;
        }
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

// Once per clock edge, before any transactor acts.
void advance(uint64_t cycle) {
    if (cycle == e.cycle) return;
    e.cycle = cycle;
    if (!e.running) return;
    if (e.phase == kIdle) return begin_job();
    if (e.phase == kReset && e.cycle - e.asserted_at >= row().reset_cycles) {
        e.phase = kRun;
        e.released_at = e.cycle;
        e.latched = 0;
    }
    if (e.phase == kRun) run_job();
}

void accept(Channel& c) {
    Queued& head = c.queue.front();
    c.last = e.cycle;
    c.seen = 0;
    if (++head.at < head.count) return;
    const uint32_t op = head.op;
    c.queue.pop_front();
    if (!--e.left[op] && e.stepped[op]) end_op(op);
}

void make_idle_payload(Channel& c) {
    for (uint32_t& word : c.payload) word = static_cast<uint32_t>(splitmix(c.random) >> 32);
    c.payload.back() &= c.top_mask;
}

unsigned idle_order(Channel& c) {
    if (row().idle_mode == kIdleHold) return 0;
    c.idle_due = true;
    return kPayload;
}

bool sink_ready(Channel& c, uint32_t number, bool valid) {
    if (e.phase != kRun || e.cycle == e.released_at) return false;
    if (c.queue.empty()) return !(e.pending >> number & 1);
    const Queued& head = c.queue.front();
    const BeatRow& beat = e.t.beat[head.beat + head.at];
    if (beat.mode != kFromValid || !beat.gap) return e.cycle >= std::max(c.last, head.since) + beat.gap;
    if (!c.seen && valid) c.seen = e.cycle;
    return c.seen && e.cycle >= c.seen + beat.gap - 1;
}

}  // namespace

extern "C" {

int assay_open(const Tables* tables) {
    e = Engine{};
    e.t = *tables;
    if (e.t.channels != declared.size() || e.t.hold_words > declared_hold_words) return -1;
    for (uint64_t i = 0; i < e.t.channels; ++i) {
        Channel c;
        c.width = e.t.channel[i].width;
        c.words = (c.width + 31) / 32;
        if (c.width != declared[i] || c.words != e.t.channel[i].words) return -1;
        c.top_mask = c.width % 32 ? (1u << c.width % 32) - 1 : ~0u;
        c.payload.assign(c.words, 0);
        e.channels.push_back(c);
    }
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
int assay_running() { return e.running; }

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

void assay_step_declare(unsigned int width) { declared_hold_words = (width + 31) / 32; }

void assay_watch_declare(unsigned int channel, unsigned int width) {
    if (declared.size() <= channel) declared.resize(channel + 1);
    declared[channel] = width;
}

unsigned int assay_step_edge(unsigned long long cycle, unsigned int events) {
    advance(cycle);
    if (e.phase == kRun && e.cycle > e.released_at) e.latched |= events & ~e.events;
    e.events = events;
    return (e.phase != kRun ? kAsserted : 0) | (e.done_level ? kDoneLevel : 0) | (e.hold_changed ? kHoldChanged : 0);
}

void assay_step_hold(uint32_t* hold) {
    std::copy(e.hold.begin(), e.hold.end(), hold);
    e.hold_changed = false;
}

unsigned int assay_source_edge(unsigned int number, unsigned long long cycle, unsigned char ready) {
    advance(cycle);
    Channel& c = e.channels[number];
    if (e.phase == kIdle) return 0;
    if (e.phase != kRun) return idle_order(c);
    if (c.valid && ready) {
        c.valid = false;
        accept(c);
    }
    if (c.valid) return kValid;
    if (c.queue.empty()) return idle_order(c);
    const Queued& head = c.queue.front();
    if (e.cycle < std::max(c.last, head.since) + e.t.beat[head.beat + head.at].gap) return idle_order(c);
    c.valid = true;
    c.idle_due = false;
    return kValid | kPayload;
}

void assay_source_payload(unsigned int number, uint32_t* payload) {
    Channel& c = e.channels[number];
    if (!c.idle_due) {
        const Queued& head = c.queue.front();
        const uint32_t* words = e.t.word + head.word + uint64_t{head.at} * c.words;
        std::copy(words, words + c.words, payload);
    } else if (row().idle_mode == kIdleZero) {
        std::fill_n(payload, c.words, 0);
    } else {
        make_idle_payload(c);
        std::copy(c.payload.begin(), c.payload.end(), payload);
    }
}

unsigned char assay_sink_edge(unsigned int number, unsigned long long cycle, unsigned char valid, unsigned char ready) {
    advance(cycle);
    Channel& c = e.channels[number];
    const bool crossed = valid && ready && e.phase == kRun;
    if (crossed && !c.queue.empty() && c.queue.front().since < e.cycle) {
        accept(c);
    } else if (crossed) {
        ++job().result.surplus;
    }
    return sink_ready(c, number, valid && !crossed);
}

void assay_watch_beat(unsigned int number, unsigned long long cycle, const uint32_t* payload) {
    advance(cycle);
    if (e.phase != kRun) return;
    const Channel& c = e.channels[number];
    Trace& trace = *job().traces[number];
    if (trace.cycles.size() >= c.planned + kSurplusKept) return;
    ++trace.watch.count;
    trace.cycles.push_back(cycle);
    trace.words.insert(trace.words.end(), payload, payload + c.words);
}

void assay_watch_mark(unsigned int number, unsigned long long cycle, unsigned int what) {
    advance(cycle);
    if (e.phase == kIdle) return;
    WatchResult& watch = job().traces[number]->watch;
    if (what == kInReset) {
        watch.in_reset += cycle > e.asserted_at + 2;  // at the releasing edge too: the pin still shows reset
        return;
    }
    if (e.phase != kRun) return;
    switch (what) {
        case kDropped:
            if (!watch.dropped++) watch.dropped_at = cycle;
            break;
        case kChanged:
            if (!watch.changed++) watch.changed_at = cycle;
            break;
        case kAfterReset: ++watch.after_reset; break;
        case kFirstValid: watch.first_valid = cycle; break;
        default: watch.first_ready = cycle; break;
    }
}

}  // extern "C"
