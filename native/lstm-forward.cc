// The property gated LSTM, forward (DUPN, section 3.2). Projections of items and properties come in; what is left for
// each step is h W_h and the cell. A task takes its rows through all steps, so that no step waits for another task.
#include <string.h>

#include "kernels.h"
#include "product.h"
#include "scratch.h"
#include "threads.h"

namespace INSTRUCTIONS {
namespace {

// Columns of W_h of WIDTH units, all four gates side by side: [blocks][units][4 x WIDTH], zeros beyond the last unit.
void pack_weights(const float* recurrent, int units, float* packed) {
  for (int block = 0; block * WIDTH < units; block++) {
    for (int k = 0; k < units; k++) {
      for (int gate = 0; gate < 4; gate++, packed += WIDTH) {
        const float* from = recurrent + ((size_t)k * 4 + gate) * units + block * WIDTH;
        store(packed, load_up_to(from, units - block * WIDTH));
      }
    }
  }
}

// One task at one step and one block of WIDTH units; its rows lie side by side in h and c.
struct Step {
  const LstmForward& call;
  const int* rows_of_batch;
  int t, block;
  const float* weights;  // of the block, [units][4 x WIDTH]
  const float* before;   // h of the step before, [rows, units]
  float* after;          // h of this one
  float* cells;          // c of the step before, then of this one, [rows, padded units]

  template <int M>
  void rows(int first) const;
};

template <int M>
NOINLINE void advance(const Step& step, int first) {
  const LstmForward& call = step.call;
  const LstmInputs& in = call.in;
  const int units = in.sizes.units, batch = in.sizes.batch, at = step.block * WIDTH, width = units - at;
  const size_t padded = round_up(units, WIDTH);
  V z[M][4];
  for (int m = 0; m < M; m++) {
    size_t behaviour = (size_t)step.t * batch + step.rows_of_batch[first + m];
    const float* item = in.items + (size_t)in.item_at[behaviour] * 4 * units + at;
    const float* property = in.properties + (size_t)in.property_at[behaviour] * 4 * units + at;
    for (int gate = 0; gate < 4; gate++) {
      V e = load_up_to(item + (size_t)gate * units, width);
      z[m][gate] = e + load_up_to(property + (size_t)gate * units, width);
    }
  }
  if (step.t > 0) {
    multiply<M, 4, false>(units, step.before + (size_t)first * units, units, step.weights, z);
  }
  if (step.t + 1 < in.sizes.time) {
    for (int m = 0; m < M; m++) {
      size_t next = (size_t)(step.t + 1) * batch + step.rows_of_batch[first + m];
      const float* item = in.items + (size_t)in.item_at[next] * 4 * units + at;
      for (int gate = 0; gate < 4; gate++) __builtin_prefetch(item + (size_t)gate * units, 0, 2);
    }
  }
  for (int m = 0; m < M; m++) {
    size_t behaviour = (size_t)step.t * batch + step.rows_of_batch[first + m];
    float* cell = step.cells + (first + m) * padded + at;
    V last = step.t > 0 ? load(cell) : zero();
    if (in.peephole) {
      z[m][0] = fma(load_up_to(in.peephole + at, width), last, z[m][0]);
      z[m][1] = fma(load_up_to(in.peephole + units + at, width), last, z[m][1]);
    }
    V i = sigmoid(z[m][0]), f = sigmoid(z[m][1]), candidate = tanh(z[m][2]);
    V c = fma(f, last, i * candidate);
    if (in.peephole) z[m][3] = fma(load_up_to(in.peephole + 2 * units + at, width), c, z[m][3]);
    V o = sigmoid(z[m][3]), h = o * tanh(c);
    store(cell, c);
    store_up_to(step.after + (size_t)(first + m) * units + at, h, width);
    store_up_to(call.states + behaviour * units + at, h, width);
    if (call.gates) {
      stream(call.cells + behaviour * padded + at, c);
      float* gates = call.gates + (behaviour * padded + at) * 4;
      stream(gates, i);
      stream(gates + WIDTH, f);
      stream(gates + 2 * WIDTH, candidate);
      stream(gates + 3 * WIDTH, o);
    }
  }
}

template <int M>
void Step::rows(int first) const {
  advance<M>(*this, first);
}

struct Task {
  const LstmForward& call;
  const float* packed;
  float* scratch;
  size_t scratch_floats;  // of each worker

  void operator()(int task) const {
    const LstmInputs& in = call.in;
    const int units = in.sizes.units, time = in.sizes.time, batch = in.sizes.batch;
    const int* rows = in.plan.rows + in.plan.starts[task];
    const int count = in.plan.starts[task + 1] - in.plan.starts[task];
    Parts parts(scratch + (task % num_threads()) * scratch_floats);
    float* cells = parts.take(count * round_up(units, WIDTH));
    float* states[2] = {parts.take((size_t)count * units), parts.take((size_t)count * units)};
    int active = count;
    for (int t = 0; t < time; t++) {
      while (active > 0 && in.lengths[rows[active - 1]] <= t) active--;
      for (int r = active; r < count; r++) {
        memset(call.states + ((size_t)t * batch + rows[r]) * units, 0, sizeof(float) * units);
      }
      for (int block = 0; block * WIDTH < units; block++) {
        const float* weights = packed + (size_t)block * units * 4 * WIDTH;
        by_rows(active, Step{call, rows, t, block, weights, states[t % 2], states[(t + 1) % 2], cells});
      }
    }
    end_streams();
  }
};

}  // namespace

bool lstm_forward(const LstmForward& call) {
  const LstmInputs& in = call.in;
  const int units = in.sizes.units;
  const size_t padded = round_up(units, WIDTH);
  int most = 0;
  for (int task = 0; task < in.plan.tasks; task++) {
    int count = in.plan.starts[task + 1] - in.plan.starts[task];
    if (count > most) most = count;
  }
  const size_t weights = Parts::size_of(padded * 4 * units);
  const size_t each = Parts::size_of(most * padded) + 2 * Parts::size_of((size_t)most * units);
  float* scratch = take_scratch(weights + each * num_threads());
  if (!scratch) return false;
  pack_weights(in.recurrent, units, scratch);
  Task task{call, scratch, scratch + weights, each};
  run_tasks(in.plan.tasks, task);
  give_scratch(scratch);
  return true;
}

}  // namespace INSTRUCTIONS
