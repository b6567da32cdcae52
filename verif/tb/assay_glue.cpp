// Binds one generated model (Vassay) to the main loop; see assay_model.h. ASSAY_CLOCKS (how many),
// ASSAY_PERIODS (in ps, separated by commas) and VM_TRACE come from the build.
#include "assay_model.h"

#include "Vassay.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

Vassay& model_of(void* model) { return *static_cast<Vassay*>(model); }
void* make(VerilatedContext* context) { return new Vassay{context, ""}; }
constexpr uint64_t kPeriods[] = {ASSAY_PERIODS};
static_assert(sizeof kPeriods / sizeof *kPeriods == ASSAY_CLOCKS);

void clock_pin(void* model, unsigned number, unsigned char level) {
    switch (number) {
#if ASSAY_CLOCKS > 1
        case 1: model_of(model).clk1_i = level; break;
#endif
#if ASSAY_CLOCKS > 2
        case 2: model_of(model).clk2_i = level; break;
#endif
#if ASSAY_CLOCKS > 3
        case 3: model_of(model).clk3_i = level; break;
#endif
        default: model_of(model).clk_i = level; break;
    }
}
void eval(void* model) { model_of(model).eval(); }

#if VM_TRACE
VerilatedVcdC& waves_of(void* waves) { return *static_cast<VerilatedVcdC*>(waves); }
void* open_waves(void* model, const char* file) {
    auto* waves = new VerilatedVcdC;
    model_of(model).trace(waves, 99);
    waves->open(file);
    return waves;
}
void dump_waves(void* waves, uint64_t time) { waves_of(waves).dump(time); }
void close_waves(void* waves) { waves_of(waves).close(); }
#else
void* open_waves(void*, const char*) { return nullptr; }
void dump_waves(void*, uint64_t) {}
void close_waves(void*) {}
#endif

}  // namespace

extern const AssayModel assay_model = {make, clock_pin, eval, open_waves, dump_waves, close_waves, kPeriods, ASSAY_CLOCKS};
