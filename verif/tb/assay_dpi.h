// The buffer layer between Python and the transactors: tables in, observations out, one engine that runs jobs.
//
// Python hands over the stimulus' tables by pointer (they must outlive the run) and reads results back by pointer. Before
// every rising clock edge the main loop advances the engine, using only what earlier edges brought; at the edge the
// transactors call in. So the order in which a simulator runs the transactors within an edge changes nothing.
// Row layouts are those of verif/records: packed, little endian.
#pragma once
#include <cstdint>

namespace assay {

#pragma pack(push, 1)
struct JobRow {
    uint32_t job;
    char testpoint[16];
    uint64_t seed;
    uint32_t op_first, op_count, reset_cycles;
    uint64_t deadline;
    uint32_t quiet;
    uint8_t idle_mode;
    uint64_t idle_seed;
};
struct OpRow {
    uint32_t op, job;
    uint16_t kind;
    uint8_t wait_previous;
    uint32_t quiet, step_first, step_count;
};
struct StepRow {
    uint8_t kind;
    uint64_t arg, within, word_first;
};
struct SegmentRow {
    uint64_t beat_first;
    uint32_t count;
    uint64_t word_first;
    uint32_t delay, every;
};
struct BeatRow {
    uint32_t gap;
    uint8_t mode;
};
struct ChannelRow {
    char id[32];
    uint8_t dir, clock, origin;
    uint32_t origin_at, width, words;
};
struct JobResult {
    uint32_t job, sequence;
    uint8_t status;
    uint32_t ops_done;
    uint64_t reset_end, end;
    uint32_t surplus;
};
struct OpResult {
    uint32_t op;
    uint64_t start, end;
};
struct WatchResult {
    uint64_t beat_first;
    uint32_t count;
    uint64_t word_first;
    uint32_t dropped;
    uint64_t dropped_at;
    uint32_t changed;
    uint64_t changed_at;
    uint32_t in_reset, after_reset;
    uint64_t first_valid, first_ready;
};
#pragma pack(pop)

// Pointers to the stimulus' tables and their row counts, in the schema's order.
struct Tables {
    const ChannelRow* channel;
    const JobRow* job;
    const OpRow* op;
    const StepRow* step;
    const SegmentRow* segment;
    const BeatRow* beat;
    const uint32_t* word;
    uint64_t channels, jobs, ops, hold_words;
};

// What one channel of one job brought.
struct Observed {
    WatchResult watch;
    const uint64_t* cycles;
    const uint32_t* words;
};

}  // namespace assay

extern "C" {
// Python's side. All return 0, or -1 when the call does not fit the tables or the state.
int assay_open(const assay::Tables* tables);
int assay_begin(uint32_t job);                                          // the next job to run
int assay_drive(uint32_t channel, uint32_t op_first, uint32_t count);  // its operations' beats, for one transactor
int assay_steps(uint32_t op_first, uint32_t count);                     // its operations' steps, for the stepper
int assay_start();                                                      // run every job that was begun
uint32_t assay_finished();                                              // jobs that have ended
int assay_job_result(uint32_t sequence, assay::JobResult* result);
const assay::OpResult* assay_op_results();
int assay_observed(uint32_t sequence, uint32_t channel, assay::Observed* seen);
int assay_release(uint32_t sequence, uint32_t channel);                 // its buffers were copied

// The main loop's side. Bit k of `rising`: clock k is about to rise. True when a job begins at this edge.
void assay_clocks(unsigned int count);  // of the model; said once, before the first edge
int assay_running();
int assay_edge(unsigned int rising);

// The transactors' side; see the .sv files. They declare their shapes first; tables of another shape are refused.
void assay_step_declare(unsigned int width);
void assay_watch_declare(unsigned int channel, unsigned int width, unsigned int clock);
unsigned int assay_step_edge(unsigned int events);
void assay_step_hold(uint32_t* hold);
unsigned int assay_source_edge(unsigned int channel, unsigned char ready);
void assay_source_payload(unsigned int channel, uint32_t* payload);
unsigned char assay_sink_edge(unsigned int channel, unsigned char valid, unsigned char ready);
unsigned char assay_fixed_edge(unsigned int channel, unsigned char event_rose);  // does a beat cross at this edge
void assay_watch_beat(unsigned int channel, const uint32_t* payload);
void assay_watch_mark(unsigned int channel, unsigned int what);
}
