// The simulator's main: clocks in C++, and VPI phases only when Python has something to do.
//
// While the job engine runs and no timed callback is due, the loop only toggles clocks and evaluates the model; edges that
// fall together are one evaluation. Each job finds the other clocks in the same phase to the first. When the
// engine has finished, or a callback is due, the VPI phases run in the order of IEEE 1800 clause 4.4: value changes until
// settled, read-write, inertial puts, read-only, next time, timed callbacks. The design's final blocks are never run: by
// then the record has been written.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "assay_dpi.h"
#include "assay_model.h"
#include "verilated.h"
#include "verilated_cov.h"
#include "verilated_vpi.h"

extern "C" void vlog_startup_routines_bootstrap(void);

// The model stopped itself: combinational logic that does not settle, or an assertion of the design. Verilator's runtime is
// built to call this instead of aborting. No record is written, so nothing can be gained by it.
constexpr int kModelStopped = 99;

void vl_fatal(const char* file, int line, const char*, const char* message) {
    std::fprintf(stderr, "model stopped: %s:%d: %s\n", file, line, message);
    std::fflush(nullptr);
    _exit(kModelStopped);
}

namespace {

constexpr uint64_t kNever = ~0ull;

struct Clock {
    uint64_t high, low, next;  // time units at each level; time of the next edge
    bool level = false;
};

struct Simulation {
    VerilatedContext* context;
    void* model;
    void* waves;
    std::vector<Clock> clocks;
    uint64_t next_edge = 0;
    uint64_t now = 0, last_dump = 0;
    bool dumped = false;
};

void find_next_edge(Simulation& s) {
    s.next_edge = s.clocks[0].next;
    for (const Clock& clock : s.clocks) s.next_edge = std::min(s.next_edge, clock.next);
}

void make_clocks(Simulation& s) {
    for (unsigned k = 0; k < assay_model.clocks; ++k) {
        const uint64_t period = assay_model.periods[k], high = std::max<uint64_t>(period / 2, 1);
        s.clocks.push_back({high, std::max<uint64_t>(period - high, 1), high});
        assay_model.clock(s.model, k, 0);
    }
    assay_clocks(assay_model.clocks);
    find_next_edge(s);
}

// A job begins in reset: the other clocks fall and start over, so that how long the jobs before took changes nothing.
void restart_others(Simulation& s) {
    for (unsigned k = 1; k < s.clocks.size(); ++k) {
        s.clocks[k].level = false;
        s.clocks[k].next = s.now + s.clocks[k].low;
        assay_model.clock(s.model, k, 0);
    }
}

void settle() {
    while (VerilatedVpi::callValueCbs()) {
    }
}

void dump(Simulation& s) {
    if (!s.waves || (s.dumped && s.now <= s.last_dump)) return;
    assay_model.dump_waves(s.waves, s.now);
    s.last_dump = s.now;
    s.dumped = true;
}

// Everything Python may want at the present time.
void call_python(Simulation& s) {
    do {
        do {
            assay_model.eval(s.model);
            VerilatedVpi::clearEvalNeeded();
            VerilatedVpi::doInertialPuts();
            settle();
        } while (VerilatedVpi::evalNeeded());
        VerilatedVpi::callCbs(cbReadWriteSynch);
        VerilatedVpi::doInertialPuts();
        settle();
    } while (VerilatedVpi::evalNeeded());
    VerilatedVpi::callCbs(cbReadOnlySynch);
}

void move_to(Simulation& s, uint64_t time) {
    s.now = time;
    s.context->time(time);
}

void clock_edge(Simulation& s) {
    move_to(s, s.next_edge);
    unsigned rising = 0;
    for (unsigned k = 0; k < s.clocks.size(); ++k) {
        Clock& clock = s.clocks[k];
        if (clock.next != s.now) continue;
        clock.level = !clock.level;
        clock.next += clock.level ? clock.high : clock.low;
        rising |= unsigned{clock.level} << k;
        assay_model.clock(s.model, k, clock.level);
    }
    const bool begins = rising && assay_edge(rising);
    assay_model.eval(s.model);
    dump(s);
    if (begins) restart_others(s);
    find_next_edge(s);
}

// Moves to the next time at which Python is needed; false when nothing is left to wait for.
bool run_on(Simulation& s) {
    const uint64_t due = VerilatedVpi::cbNextDeadline();
    if (!assay_running()) {
        if (due != kNever) move_to(s, due);
        return due != kNever;
    }
    while (assay_running() && s.next_edge <= due && !s.context->gotFinish()) clock_edge(s);
    if (assay_running() && s.now < due) move_to(s, due);
    return true;
}

void call_timed() {
    VerilatedVpi::callCbs(cbNextSimTime);
    settle();
    VerilatedVpi::callTimedCbs();
    settle();
}

const char* waves_file(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        if (!std::strncmp(argv[i], "+assay_waves=", 13)) return argv[i] + 13;
    }
    return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    VerilatedContext* const context = Verilated::threadContextp();
    context->commandArgs(argc, argv);
    context->fatalOnVpiError(false);
    const char* const file = waves_file(argc, argv);
    context->traceEverOn(file != nullptr);
    Simulation s{context, assay_model.make(context), nullptr, {}};
    if (file && !(s.waves = assay_model.open_waves(s.model, file))) {
        std::fprintf(stderr, "this model was built without waves\n");
        return 2;
    }
    make_clocks(s);
    assay_model.eval(s.model);  // initial blocks: the transactors declare themselves
    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    settle();
    do {
        call_python(s);
        dump(s);
        if (context->gotFinish() || !run_on(s)) break;
        call_timed();
    } while (!context->gotFinish());
    VerilatedVpi::callCbs(cbEndOfSimulation);
    if (s.waves) assay_model.close_waves(s.waves);
    context->coveragep()->write(context->coverageFilename());
    std::fflush(nullptr);
    _exit(0);
}
