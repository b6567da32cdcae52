// What the main loop needs of a generated model. The main loop is compiled once per toolchain; assay_glue.cpp, compiled with
// each model, fills this in.
#pragma once
#include <cstdint>

class VerilatedContext;

struct AssayModel {
    void* (*make)(VerilatedContext* context);
    void (*clock)(void* model, unsigned number, unsigned char level);  // drives a clock pin; takes effect at the next eval
    void (*eval)(void* model);
    void* (*open_waves)(void* model, const char* file);  // nullptr when the model was built without waves
    void (*dump_waves)(void* waves, uint64_t time);
    void (*close_waves)(void* waves);
    const uint64_t* periods;  // of every clock, in time units (ps)
    unsigned clocks;
};

extern const AssayModel assay_model;
