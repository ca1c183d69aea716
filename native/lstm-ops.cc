// DupnLstm and DupnLstmGradient: checks of what comes in, and the split of a batch into tasks.
#include <vector>

#include "call.h"
#include "ops.h"
#include "registration.h"
#include "threads.h"

namespace {

const Kernels* kernels;

// Rows of a task: their states and the weights of a block of units share the first two caches.
constexpr int ROWS_PER_TASK = 60;
// Fewer would leave the registers of the inner loop empty.
constexpr int FEWEST_ROWS = 6;

constexpr int64_t padded(int64_t units) { return (units + MAX_WIDTH - 1) / MAX_WIDTH * MAX_WIDTH; }

// Deals the rows out by decreasing length, so that tasks are alike: one for each thread, or a multiple of that.
struct BatchPlan {
  std::vector<int> rows, starts;

  BatchPlan(const int* lengths, int batch, int time) {
    std::vector<int> places(time + 2), sorted(batch);
    for (int row = 0; row < batch; row++) places[time - lengths[row] + 1]++;
    for (int k = 0; k <= time; k++) places[k + 1] += places[k];
    for (int row = 0; row < batch; row++) sorted[places[time - lengths[row]]++] = row;
    const int threads = num_threads();
    int tasks = (batch + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    tasks = (tasks + threads - 1) / threads * threads;
    const int most = (batch + FEWEST_ROWS - 1) / FEWEST_ROWS;
    if (tasks > most) tasks = most;
    for (int task = 0; task < tasks; task++) {
      starts.push_back((int)rows.size());
      for (int at = task; at < batch; at += tasks) rows.push_back(sorted[at]);
    }
    starts.push_back((int)rows.size());
  }

  Plan plan() const { return {(int)starts.size() - 1, rows.data(), starts.data()}; }
};

// The inputs that both ops have, from input `at` on: items, properties, item_at, property_at, lengths, recurrent, peephole.
bool read(Call& call, int at, LstmInputs& in) {
  const bool ranks = call.expect_rank(at, "items", 2) && call.expect_rank(at + 1, "properties", 2) &&
                     call.expect_rank(at + 2, "item_at", 2) && call.expect_rank(at + 5, "recurrent", 2) &&
                     call.expect_rank(at + 6, "peephole", 2);
  if (!ranks) return false;
  LstmSizes& sizes = in.sizes;
  sizes = {call.size(at + 2, 0), call.size(at + 2, 1), call.size(at + 5, 0), call.size(at, 0), call.size(at + 1, 0)};
  const int64_t gates = 4 * (int64_t)sizes.units;
  if (sizes.units < 1) return call.fail(TF_INVALID_ARGUMENT, "there must be at least one unit");
  if ((int64_t)sizes.time * sizes.batch > INT32_MAX) return call.fail(TF_INVALID_ARGUMENT, "item_at is too large");
  const bool is_right = call.expect_shape(at, "items", {sizes.items, gates}) &&
                       call.expect_shape(at + 1, "properties", {sizes.properties, gates}) &&
                       call.expect_shape(at + 3, "property_at", {sizes.time, sizes.batch}) &&
                       call.expect_shape(at + 4, "lengths", {sizes.batch}) &&
                       call.expect_shape(at + 5, "recurrent", {sizes.units, gates}) &&
                       call.expect_shape(at + 6, "peephole", {call.size(at + 6, 0) == 0 ? 0 : 3, sizes.units}) &&
                       call.expect_below(at + 2, "item_at", sizes.items) &&
                       call.expect_below(at + 3, "property_at", sizes.properties) &&
                       call.expect_below(at + 4, "lengths", (int64_t)sizes.time + 1);
  if (!is_right) return false;
  in.items = call.floats(at);
  in.properties = call.floats(at + 1);
  in.item_at = call.ints(at + 2);
  in.property_at = call.ints(at + 3);
  in.lengths = call.ints(at + 4);
  in.recurrent = call.floats(at + 5);
  in.peephole = call.size(at + 6, 0) == 0 ? nullptr : call.floats(at + 6);
  return true;
}

void forward(void* keep, TF_OpKernelContext* context) {
  Call call(context);
  LstmForward work;
  if (!read(call, 0, work.in)) return;
  const auto& [time, batch, units, items, properties] = work.in.sizes;
  work.states = call.output(0, {time, batch, units});
  float* cells = keep ? call.output(1, {time, batch, padded(units)}) : call.output(1, {0});
  float* gates = keep ? call.output(2, {time, batch, 4 * padded(units)}) : call.output(2, {0});
  if (!work.states || (keep && !(cells && gates))) return;
  work.cells = keep ? cells : nullptr;
  work.gates = keep ? gates : nullptr;
  BatchPlan plan(work.in.lengths, batch, time);
  work.in.plan = plan.plan();
  if (!kernels->lstm_forward(work)) call.fail(TF_RESOURCE_EXHAUSTED, "not enough memory");
}

void gradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  LstmGradient work;
  if (!read(call, 4, work.in)) return;
  const auto& [time, batch, units, items, properties] = work.in.sizes;
  const bool is_right = call.expect_shape(0, "d_states", {time, batch, units}) &&
                       call.expect_shape(1, "states", {time, batch, units}) &&
                       call.expect_shape(2, "cells", {time, batch, padded(units)}) &&
                       call.expect_shape(3, "gates", {time, batch, 4 * padded(units)});
  if (!is_right) return;
  work.d_states = call.floats(0);
  work.states = call.floats(1);
  work.cells = call.floats(2);
  work.gates = call.floats(3);
  const int64_t columns = 4 * (int64_t)units;
  work.d_items = call.output(0, {items, columns});
  work.d_properties = call.output(1, {properties, columns});
  work.d_recurrent = call.output(2, {units, columns});
  float* peephole = call.output(3, {work.in.peephole ? 3 : 0, units});
  if (!work.d_items || !work.d_properties || !work.d_recurrent || (work.in.peephole && !peephole)) return;
  work.d_peephole = work.in.peephole ? peephole : nullptr;
  BatchPlan plan(work.in.lengths, batch, time);
  work.in.plan = plan.plan();
  if (!kernels->lstm_gradient(work)) call.fail(TF_RESOURCE_EXHAUSTED, "not enough memory");
}

}  // namespace

void register_lstm(const Kernels& chosen, TF_Status* status) {
  kernels = &chosen;
  register_op({"DupnLstm",
               {"items: float", "properties: float", "item_at: int32", "property_at: int32", "lengths: int32",
                "recurrent: float", "peephole: float"},
               {"states: float", "cells: float", "gates: float"},
               "keep: bool",
               [](TF_OpKernelConstruction* construction) { return flag(construction, "keep"); },
               forward},
              status);
  register_op({"DupnLstmGradient",
               {"d_states: float", "states: float", "cells: float", "gates: float", "items: float",
                "properties: float", "item_at: int32", "property_at: int32", "lengths: int32", "recurrent: float",
                "peephole: float"},
               {"d_items: float", "d_properties: float", "d_recurrent: float", "d_peephole: float"},
               nullptr,
               nullptr,
               gradient},
              status);
}
