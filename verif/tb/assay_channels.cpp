// What the transactors of channels ask and tell, at every edge of their clock. See assay_dpi.h.
#include <algorithm>

#include "assay_engine.h"

namespace assay {
namespace {

enum IdleMode { kIdleZero, kIdleRandom, kIdleHold };
enum Mark { kDropped, kChanged, kInReset, kAfterReset, kFirstValid, kFirstReady };
constexpr uint8_t kFromValid = 1;             // gap of an output beat counts from VALID
constexpr unsigned kValid = 1, kPayload = 2;  // orders to a source

uint64_t splitmix(uint64_t& state) {
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

// The channel's cycle at which a beat of a fixed channel crosses; its origin has come.
uint64_t due(const Queued& q, uint32_t beat) { return q.origin + q.delay + uint64_t{beat} * q.every; }

// A beat of an operation crossed: the beats of fixed channels that count from it are due from now on.
void tell_followers(uint32_t number, const Queued& head) {
    for (uint32_t c = 0; c < e.channels.size(); ++c) {
        Channel& follower = e.channels[c];
        if (follower.origin_at != number) continue;
        const bool first = follower.origin == kFromFirst && head.at == 0;
        const bool last = follower.origin == kFromLast && head.at + 1 == head.count;
        if (first || last) origin_came(c, head.op, now[follower.clock]);
    }
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

unsigned beat_order(Channel& c, const Queued& q, uint32_t beat) {
    c.idle_due = false;
    c.next = e.t.word + q.word + uint64_t{beat} * c.words;
    return kValid | kPayload;
}

// The pins must show a beat when it crosses, so it is handed out one edge before.
unsigned fixed_order(Channel& c) {
    for (Queued& q : c.queue) {
        if (q.sent == q.count) continue;
        if (!q.origin || now[c.clock] + 1 != due(q, q.sent)) return idle_order(c);
        return beat_order(c, q, q.sent++);
    }
    return idle_order(c);
}

bool sink_ready(Channel& c, uint32_t number, bool valid) {
    if (!taking_beats()) return false;
    if (c.queue.empty()) return !(e.pending >> number & 1);
    const Queued& head = c.queue.front();
    const BeatRow& beat = e.t.beat[head.beat + head.at];
    const uint64_t cycle = now[c.clock];
    if (beat.mode != kFromValid || !beat.gap) return cycle >= std::max(c.last, head.since) + beat.gap;
    if (!c.seen && valid) c.seen = cycle;
    return c.seen && cycle >= c.seen + beat.gap - 1;
}

}  // namespace

void accept(uint32_t number) {
    Channel& c = e.channels[number];
    Queued& head = c.queue.front();
    c.last = now[c.clock];
    c.seen = 0;
    if (c.has_followers) tell_followers(number, head);
    if (++head.at < head.count) return;
    const uint32_t op = head.op;
    c.queue.pop_front();
    if (!--e.left[op] && e.stepped[op]) end_op(op);
}

void arm_fixed(uint32_t op) {
    for (uint32_t number = 0; number < e.channels.size(); ++number) {
        Channel& c = e.channels[number];
        const SegmentRow& s = segment(op, number);
        if (!c.origin || !s.count || !e.driven[op * e.t.channels + number]) continue;
        c.queue.push_back({op, 0, s.count, s.beat_first, s.word_first, now[c.clock]});
        c.queue.back().delay = s.delay;
        c.queue.back().every = s.every;
    }
}

void origin_came(uint32_t channel, uint32_t op, uint64_t at) {
    for (Queued& q : e.channels[channel].queue) {
        if (q.op == op && !q.origin) q.origin = at;
    }
}

void pulse_came(uint32_t op, const uint32_t* inverted) {
    for (uint32_t c = 0; c < e.channels.size(); ++c) {
        const Channel& channel = e.channels[c];
        if (channel.origin != kFromPulse || !(inverted[kWordsPerSignal * channel.origin_at] & 1)) continue;
        origin_came(c, op, now[channel.clock] + 1);
    }
}

bool all_crossed() {
    return std::all_of(e.channels.begin(), e.channels.end(), [](const Channel& c) {
        return c.queue.empty() || (c.origin && !c.queue.front().origin);
    });
}

}  // namespace assay

using namespace assay;

extern "C" {

void assay_watch_declare(unsigned int channel, unsigned int width, unsigned int clock) {
    if (declared.size() <= channel) declared.resize(channel + 1);
    declared[channel].width = width;
    declared[channel].clock = static_cast<uint8_t>(clock);
}

unsigned int assay_source_edge(unsigned int number, unsigned char ready) {
    Channel& c = e.channels[number];
    if (e.phase == kIdle) return 0;
    if (e.phase != kRun) return idle_order(c);
    if (c.origin) return fixed_order(c);
    if (c.valid && ready) {
        c.valid = false;
        accept(number);
    }
    if (c.valid) return kValid;
    if (c.queue.empty()) return idle_order(c);
    const Queued& head = c.queue.front();
    if (now[c.clock] < std::max(c.last, head.since) + e.t.beat[head.beat + head.at].gap) return idle_order(c);
    c.valid = true;
    return beat_order(c, head, head.at);
}

void assay_source_payload(unsigned int number, uint32_t* payload) {
    Channel& c = e.channels[number];
    if (!c.idle_due) {
        std::copy(c.next, c.next + c.words, payload);
    } else if (row().idle_mode == kIdleZero) {
        std::fill_n(payload, c.words, 0);
    } else {
        make_idle_payload(c);
        std::copy(c.payload.begin(), c.payload.end(), payload);
    }
}

unsigned char assay_sink_edge(unsigned int number, unsigned char valid, unsigned char ready) {
    Channel& c = e.channels[number];
    const bool crossed = valid && ready && e.phase == kRun;
    if (crossed && !c.queue.empty() && c.queue.front().since < now[c.clock]) {
        accept(number);
    } else if (crossed) {
        ++job().result.surplus;
    }
    return sink_ready(c, number, valid && !crossed);
}

unsigned char assay_fixed_edge(unsigned int number, unsigned char event_rose) {
    if (!taking_beats()) return 0;
    Channel& c = e.channels[number];
    if (event_rose && c.origin == kFromEvent) {
        const auto waiting = std::find_if(c.queue.begin(), c.queue.end(), [](const Queued& q) { return !q.origin; });
        if (waiting != c.queue.end()) waiting->origin = now[c.clock];
    }
    if (c.queue.empty()) return 0;
    const Queued& head = c.queue.front();
    if (!head.origin || now[c.clock] != due(head, head.at)) return 0;
    accept(number);
    return 1;
}

void assay_watch_beat(unsigned int number, const uint32_t* payload) {
    if (e.phase != kRun) return;
    const Channel& c = e.channels[number];
    Trace& trace = *job().traces[number];
    if (trace.cycles.size() >= c.planned + kSurplusKept) return;
    ++trace.watch.count;
    trace.cycles.push_back(e.cycle);
    trace.words.insert(trace.words.end(), payload, payload + c.words);
}

void assay_watch_mark(unsigned int number, unsigned int what) {
    if (e.phase == kIdle) return;
    WatchResult& watch = job().traces[number]->watch;
    if (what == kInReset) {
        const uint8_t clock = e.channels[number].clock;
        watch.in_reset += now[clock] > e.reset_from[clock] + 2;  // at the releasing edge too: the pin still shows reset
        return;
    }
    if (e.phase != kRun) return;
    switch (what) {
        case kDropped:
            if (!watch.dropped++) watch.dropped_at = e.cycle;
            break;
        case kChanged:
            if (!watch.changed++) watch.changed_at = e.cycle;
            break;
        case kAfterReset: ++watch.after_reset; break;
        case kFirstValid: watch.first_valid = e.cycle; break;
        default: watch.first_ready = e.cycle; break;
    }
}

}  // extern "C"
