// The main of a self-test: the design itself on top, and Python behind VPI that drives everything, the clock included.
//
// The VPI phases run in the order of IEEE 1800 clause 4.4. The file named by +assay_seal= is read and removed before Python
// starts, and written again only when this loop has come to its end: a process that a test ended by itself leaves no seal.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "Vassay.h"
#include "verilated.h"
#include "verilated_cov.h"
#include "verilated_vpi.h"

extern "C" void vlog_startup_routines_bootstrap(void);

constexpr int kModelStopped = 99;

void vl_fatal(const char* file, int line, const char*, const char* message) {
    std::fprintf(stderr, "model stopped: %s:%d: %s\n", file, line, message);
    std::fflush(nullptr);
    _exit(kModelStopped);
}

namespace {

void settle() {
    while (VerilatedVpi::callValueCbs()) {
    }
}

void call_python(Vassay& top) {
    do {
        do {
            top.eval_step();
            VerilatedVpi::clearEvalNeeded();
            VerilatedVpi::doInertialPuts();
            settle();
        } while (VerilatedVpi::evalNeeded());
        VerilatedVpi::callCbs(cbReadWriteSynch);
        VerilatedVpi::doInertialPuts();
        settle();
    } while (VerilatedVpi::evalNeeded());
    top.eval_end_step();
    VerilatedVpi::callCbs(cbReadOnlySynch);
}

std::string option(int argc, char** argv, const char* name) {
    const size_t length = std::strlen(name);
    for (int i = 1; i < argc; ++i) {
        if (!std::strncmp(argv[i], name, length)) return argv[i] + length;
    }
    return "";
}

std::string take(const std::string& path) {
    char text[128] = {};
    std::FILE* const file = std::fopen(path.c_str(), "rb");
    if (!file) return "";
    const size_t length = std::fread(text, 1, sizeof text, file);
    std::fclose(file);
    std::remove(path.c_str());
    return std::string(text, length);
}

void put(const std::string& path, const std::string& text) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (!file) return;
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string path = option(argc, argv, "+assay_seal=");
    const std::string seal = take(path);
    VerilatedContext* const context = Verilated::threadContextp();
    context->commandArgs(argc, argv);
    context->fatalOnVpiError(false);
    Vassay top{context, ""};
    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    settle();
    while (!context->gotFinish()) {
        call_python(top);
        const uint64_t due = VerilatedVpi::cbNextDeadline();
        if (due == ~0ull) break;
        context->time(due);
        VerilatedVpi::callCbs(cbNextSimTime);
        settle();
        VerilatedVpi::callTimedCbs();
        settle();
    }
    VerilatedVpi::callCbs(cbEndOfSimulation);
    context->coveragep()->write(context->coverageFilename());
    put(path, seal);
    std::fflush(nullptr);
    _exit(0);
}
