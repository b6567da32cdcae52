// What the parts of the buffer layer share: the engine's state and the few calls between jobs and channels.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "assay_dpi.h"

namespace assay {

enum Phase { kIdle, kReset, kRun };
enum StepKind { kStepRun, kStepSet, kStepPulse, kStepWait, kStepIdle, kStepAlign };
enum Origin { kHandshake, kFromEvent, kFromFirst, kFromLast, kFromPulse };  // what the beats of a fixed channel count from
constexpr uint8_t kDone = 0, kDeadline = 1, kNotRun = 2;  // job status
constexpr uint64_t kSurplusKept = 1024;                  // surplus beats stored per (job, channel); all are counted
constexpr unsigned kClocks = 4;
constexpr unsigned kWordsPerSignal = 2;  // of the hold vector

struct Queued {  // one operation's beats on one channel
    uint32_t op, at, count;
    uint64_t beat, word, since;  // since: the channel's cycle at which they were queued
    // Fixed channels: beats given to the source; the channel's cycle that they count from, 0: it has not come.
    uint32_t sent = 0;
    uint64_t origin = 0;
    uint32_t delay = 0, every = 0;
};

struct Channel {
    uint32_t width, words, top_mask;
    uint8_t clock, origin;
    uint32_t origin_at;   // number of the event, the channel or the signal of the hold vector that `origin` means
    bool has_followers = false;  // fixed channels count from beats of this one
    std::deque<Queued> queue;
    uint64_t last = 0;      // cycle of the last accepted beat of this job
    uint64_t seen = 0;      // cycle at which VALID of the head beat was first seen, 0: not yet
    uint64_t random = 0;    // state of the idle payload's generator
    bool valid = false;     // sources: what is driven
    bool idle_due = false;  // sources: the payload to hand out is the idle one
    const uint32_t* next = nullptr;  // sources: otherwise the one to hand out
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
    uint64_t cycle = 0, asserted_at = 0, released_at = 0, last_end = 0;  // all in cycles of clock 0
    std::array<uint64_t, kClocks> reset_from{};  // of every clock: its cycle at which reset was asserted
    uint32_t latched = 0, events = 0;
    uint32_t finished = 0, target = 0;  // jobs that ended; jobs to run before `done` toggles
    uint32_t op = 0, op_end = 0, ended = 0, step = 0;
    uint64_t resume = 0, wait_from = 0, pending = 0;  // pending: channels whose RUN of the current operation is to come
    bool op_started = false, pulsing = false;
};

extern Engine e;
extern std::array<uint64_t, kClocks> now;  // rising edges of every clock since the simulation began
extern unsigned clocks;                    // that the model has; channels need not run on all of them
extern std::vector<ChannelRow> declared;   // shape of every channel in the harness: width and clock
extern uint64_t declared_hold_words;       // room for the hold vector in the harness

inline Begun& job() { return e.jobs[e.finished]; }
inline const JobRow& row() { return e.t.job[job().row]; }
inline const SegmentRow& segment(uint32_t op, uint32_t channel) { return e.t.segment[op * e.t.channels + channel]; }
inline bool taking_beats() { return e.phase == kRun && e.cycle != e.released_at; }

void end_op(uint32_t op);          // its steps ended and all its beats crossed
void accept(uint32_t channel);     // the head beat of a channel crossed
void arm_fixed(uint32_t op);       // queue the operation's beats on fixed channels: their origin decides when they cross
void origin_came(uint32_t channel, uint32_t op, uint64_t at);  // what a fixed channel's beats of an operation count from
void pulse_came(uint32_t op, const uint32_t* inverted);        // a pulse of these hold bits is first sampled at the next edge
bool all_crossed();                // every beat that was offered; those whose origin has not come were not

}  // namespace assay
