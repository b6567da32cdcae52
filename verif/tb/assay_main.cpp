// The simulator's main: a clock in C++, and VPI phases only when Python has something to do.
//
// While the job engine runs and no timed callback is due, the loop only toggles the clock and evaluates the model. When the
// engine has finished, or a callback is due, the VPI phases run in the order of IEEE 1800 clause 4.4: value changes until
// settled, read-write, inertial puts, read-only, next time, timed callbacks. The design's final blocks are never run: by
// then the record has been written.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

struct Simulation {
    VerilatedContext* context;
    void* model;
    void* waves;
    uint64_t next_edge;
    uint64_t now = 0, last_dump = 0;
    bool level = false, dumped = false;
};

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
    s.next_edge += assay_model.half_period;
    s.level = !s.level;
    assay_model.clock(s.model, s.level);
    assay_model.eval(s.model);
    dump(s);
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
    Simulation s{context, assay_model.make(context), nullptr, assay_model.half_period};
    if (file && !(s.waves = assay_model.open_waves(s.model, file))) {
        std::fprintf(stderr, "this model was built without waves\n");
        return 2;
    }
    assay_model.clock(s.model, 0);
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
