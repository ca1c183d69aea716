// The gradient of the property gated LSTM. A task takes its rows back through all steps and adds up its share of the
// gradients of W_h, of the property combinations and of the peepholes; shares are added in the order of the workers. The
// gradients of behaviours are kept and added up by item at the end.
#include <string.h>

#include "kernels.h"
#include "product.h"
#include "scratch.h"
#include "threads.h"

namespace INSTRUCTIONS {
namespace {

// Columns of the product with W_h^T that are worked on together.
constexpr int COLUMNS = 4 * WIDTH;
// Blocks of units whose share of W_h^T stays in the first cache (32 KiB) while all rows pass.
constexpr int BLOCKS_AT_ONCE = 8192 / (COLUMNS * COLUMNS);

struct Blocks {
  int units;
  int count;       // of WIDTH units
  size_t padded;   // units, rounded up to whole blocks
  size_t columns;  // units, rounded up to whole COLUMNS
  explicit Blocks(int units)
      : units(units), count((units + WIDTH - 1) / WIDTH), padded(count * WIDTH),
        columns(round_up(padded, COLUMNS)) {}
};

// W_h^T for dz W_h^T: [columns / COLUMNS][blocks][4 x WIDTH of dz][COLUMNS], zeros beyond the last unit.
void pack_transposed(const float* recurrent, const Blocks& blocks, float* packed) {
  const int units = blocks.units;
  for (size_t column = 0; column < blocks.columns; column += COLUMNS) {
    for (int unit = 0; unit < (int)blocks.padded; unit += WIDTH) {
      for (int gate = 0; gate < 4; gate++) {
        for (int u = unit; u < unit + WIDTH; u++) {
          for (size_t x = column; x < column + COLUMNS; x++) {
            bool is_weight = u < units && x < (size_t)units;
            *packed++ = is_weight ? recurrent[(x * 4 + gate) * units + u] : 0.f;
          }
        }
      }
    }
  }
}

// What a worker adds up over its tasks.
struct Share {
  float* recurrent;   // [blocks][units][4 x WIDTH]
  float* properties;  // [properties][blocks][4 x WIDTH]
  float* peephole;    // [3][padded]

  static size_t floats(const Blocks& blocks, const LstmSizes& sizes) {
    return Parts::size_of(blocks.padded * 4 * blocks.units) + Parts::size_of(sizes.properties * blocks.padded * 4) +
           Parts::size_of(3 * blocks.padded);
  }
  Share(float* memory, const Blocks& blocks, const LstmSizes& sizes) {
    Parts parts(memory);
    recurrent = parts.take(blocks.padded * 4 * blocks.units);
    properties = parts.take(sizes.properties * blocks.padded * 4);
    peephole = parts.take(3 * blocks.padded);
  }
};

// What a task works with: its rows side by side.
struct Rows {
  int count;
  float* dz;      // [blocks][rows][4 x WIDTH]
  float* dh;      // what comes back through W_h, [rows][columns]
  float* dc;      // what comes back through the cell, [rows][padded]
  float* before;  // h of the step before, [rows][units]

  static size_t floats(const Blocks& blocks, int count) {
    return Parts::size_of(count * blocks.padded * 4) + Parts::size_of(count * blocks.columns) +
           Parts::size_of(count * blocks.padded) + Parts::size_of((size_t)count * blocks.units);
  }
  Rows(float* memory, const Blocks& blocks, int count) : count(count) {
    Parts parts(memory);
    dz = parts.take(count * blocks.padded * 4);
    dh = parts.take(count * blocks.columns);
    dc = parts.take(count * blocks.padded);
    before = parts.take((size_t)count * blocks.units);
  }
};

// Back through the cell of row `r` (row `row` of the batch) at step `t`.
template <bool PEEPHOLES>
NOINLINE void cell(const LstmGradient& call, const Blocks& blocks, int t, int row, int r, const Rows& rows,
                   const Share& share, float* dz_of_behaviour) {
  const LstmInputs& in = call.in;
  const int units = blocks.units;
  const size_t behaviour = (size_t)t * in.sizes.batch + row;
  const float* gates = call.gates + behaviour * blocks.padded * 4;
  const float* cells = call.cells + behaviour * blocks.padded;
  const float* cells_before = cells - in.sizes.batch * blocks.padded;
  const float* d_states = call.d_states + behaviour * units;
  float* property = share.properties + in.property_at[behaviour] * blocks.padded * 4;
  for (int block = 0; block < blocks.count; block++) {
    const int at = block * WIDTH, width = units - at;
    const float* gate = gates + at * 4;
    const V one = fill(1.f);
    V i = load(gate), f = load(gate + WIDTH), candidate = load(gate + 2 * WIDTH), o = load(gate + 3 * WIDTH);
    V c = load(cells + at), last = t > 0 ? load(cells_before + at) : zero(), squashed = tanh(c);
    V dh = load_up_to(d_states + at, width) + load(rows.dh + r * blocks.columns + at);
    V dzo = dh * squashed * o * (one - o);
    V dc = fma(dh * o, one - squashed * squashed, load(rows.dc + r * blocks.padded + at));
    if (PEEPHOLES) dc = fma(dzo, load_up_to(in.peephole + 2 * units + at, width), dc);
    V dzi = dc * candidate * i * (one - i);
    V dzf = dc * last * f * (one - f);
    V dzc = dc * i * (one - candidate * candidate);
    V d_last = dc * f;
    if (PEEPHOLES) {
      d_last = fma(dzi, load_up_to(in.peephole + at, width), d_last);
      d_last = fma(dzf, load_up_to(in.peephole + units + at, width), d_last);
      float* see = share.peephole + at;
      store(see, fma(dzi, last, load(see)));
      store(see + blocks.padded, fma(dzf, last, load(see + blocks.padded)));
      store(see + 2 * blocks.padded, fma(dzo, c, load(see + 2 * blocks.padded)));
    }
    store(rows.dc + r * blocks.padded + at, d_last);
    const V dz[4] = {dzi, dzf, dzc, dzo};
    float* panel = rows.dz + ((size_t)block * rows.count + r) * 4 * WIDTH;
#pragma GCC unroll 4
    for (int g = 0; g < 4; g++) {
      store(panel + g * WIDTH, dz[g]);
      stream(dz_of_behaviour + at * 4 + g * WIDTH, dz[g]);
      float* sum = property + at * 4 + g * WIDTH;
      store(sum, load(sum) + dz[g]);
    }
  }
}

// dh[rows x COLUMNS] (+)= dz W_h^T, over some of the blocks of dz.
struct BackThroughWeights {
  const Rows& rows_of_task;
  const Blocks& blocks;
  const float* weights;  // of these columns, [blocks][4 x WIDTH][COLUMNS]
  int column, block, end;

  template <int M>
  void rows(int first) const;
};

template <int M>
NOINLINE void back_through_weights(const BackThroughWeights& step, int first) {
  float* dh = step.rows_of_task.dh + first * step.blocks.columns + step.column;
  V sum[M][4];
  for (int m = 0; m < M; m++) {
    for (int n = 0; n < 4; n++) {
      sum[m][n] = step.block == 0 ? zero() : load(dh + m * step.blocks.columns + n * WIDTH);
    }
  }
  for (int block = step.block; block < step.end; block++) {
    const float* dz = step.rows_of_task.dz + ((size_t)block * step.rows_of_task.count + first) * 4 * WIDTH;
    multiply<M, 4, false>(4 * WIDTH, dz, 4 * WIDTH, step.weights + (size_t)block * 4 * WIDTH * COLUMNS, sum);
  }
  for (int m = 0; m < M; m++) {
    for (int n = 0; n < 4; n++) store(dh + m * step.blocks.columns + n * WIDTH, sum[m][n]);
  }
}

template <int M>
void BackThroughWeights::rows(int first) const {
  back_through_weights<M>(*this, first);
}

// d W_h[units x 4 x WIDTH] += h^T dz of one block, over the rows of a step.
struct WeightGradient {
  const float* before;
  const float* dz;
  int units, active;
  float* sum;

  template <int M>
  void rows(int first) const;
};

template <int M>
NOINLINE void weight_gradient(const WeightGradient& step, int first) {
  float* at = step.sum + first * 4 * WIDTH;
  V sum[M][4];
  for (int m = 0; m < M; m++) {
    for (int n = 0; n < 4; n++) sum[m][n] = load(at + (m * 4 + n) * WIDTH);
  }
  multiply<M, 4, true>(step.active, step.before + first, step.units, step.dz, sum);
  for (int m = 0; m < M; m++) {
    for (int n = 0; n < 4; n++) store(at + (m * 4 + n) * WIDTH, sum[m][n]);
  }
}

template <int M>
void WeightGradient::rows(int first) const {
  weight_gradient<M>(*this, first);
}

struct Task {
  const LstmGradient& call;
  const Blocks& blocks;
  const float* transposed;
  float* shares;
  size_t share_floats;
  float* scratch;
  size_t scratch_floats;
  float* dz;  // of the behaviours, [time, batch][blocks][4 x WIDTH]

  void operator()(int task) const {
    const LstmInputs& in = call.in;
    const int batch = in.sizes.batch, units = blocks.units, worker = task % num_threads();
    const int* rows_of_batch = in.plan.rows + in.plan.starts[task];
    const Share share(shares + worker * share_floats, blocks, in.sizes);
    const Rows rows(scratch + worker * scratch_floats, blocks, in.plan.starts[task + 1] - in.plan.starts[task]);
    memset(rows.dh, 0, sizeof(float) * rows.count * blocks.columns);
    memset(rows.dc, 0, sizeof(float) * rows.count * blocks.padded);
    int active = 0;
    for (int t = in.sizes.time - 1; t >= 0; t--) {
      while (active < rows.count && in.lengths[rows_of_batch[active]] > t) active++;
      for (int r = 0; r < active; r++) {
        float* dz_of_behaviour = dz + ((size_t)t * batch + rows_of_batch[r]) * blocks.padded * 4;
        if (in.peephole) {
          cell<true>(call, blocks, t, rows_of_batch[r], r, rows, share, dz_of_behaviour);
        } else {
          cell<false>(call, blocks, t, rows_of_batch[r], r, rows, share, dz_of_behaviour);
        }
      }
      if (t == 0) break;
      for (size_t column = 0; column < blocks.columns; column += COLUMNS) {
        const float* weights = transposed + column * blocks.padded * 4;
        for (int block = 0; block < blocks.count; block += BLOCKS_AT_ONCE) {
          int end = block + BLOCKS_AT_ONCE < blocks.count ? block + BLOCKS_AT_ONCE : blocks.count;
          by_rows(active, BackThroughWeights{rows, blocks, weights, (int)column, block, end});
        }
      }
      for (int r = 0; r < active; r++) {
        const float* h = call.states + ((size_t)(t - 1) * batch + rows_of_batch[r]) * units;
        memcpy(rows.before + (size_t)r * units, h, sizeof(float) * units);
      }
      for (int block = 0; block < blocks.count; block++) {
        float* sum = share.recurrent + (size_t)block * units * 4 * WIDTH;
        const float* panel = rows.dz + (size_t)block * rows.count * 4 * WIDTH;
        by_rows(units, WeightGradient{rows.before, panel, units, active, sum});
      }
    }
    end_streams();
  }
};

// Adds the workers' shares up and puts each gate's columns side by side again: `rows` rows of [blocks][4 x WIDTH], which
// lie `row_stride` and `block_stride` apart, to [rows, 4 units].
void collect(const float* shares, size_t share_floats, int workers, const Blocks& blocks, int rows, size_t row_stride,
             size_t block_stride, float* result) {
  for (int row = 0; row < rows; row++) {
    for (int block = 0; block < blocks.count; block++) {
      const int at = block * WIDTH;
      for (int gate = 0; gate < 4; gate++) {
        const float* from = shares + row * row_stride + block * block_stride + gate * WIDTH;
        V sum = load(from);
        for (int worker = 1; worker < workers; worker++) sum = sum + load(from + worker * share_floats);
        store_up_to(result + ((size_t)row * 4 + gate) * blocks.units + at, sum, blocks.units - at);
      }
    }
  }
}

// The behaviours of each item: those of item u lie at starts[u] .. starts[u + 1] of `order`, by time and row.
void order_by_item(const LstmInputs& in, int* starts, int* order) {
  const LstmSizes& sizes = in.sizes;
  memset(starts, 0, sizeof(int) * (sizes.items + 2));
  const auto each = [&](auto visit) {
    for (int t = 0; t < sizes.time; t++) {
      for (int row = 0; row < sizes.batch; row++) {
        int behaviour = t * sizes.batch + row;
        if (t < in.lengths[row]) visit(in.item_at[behaviour], behaviour);
      }
    }
  };
  each([&](int item, int) { starts[item + 2]++; });
  for (int item = 0; item < sizes.items; item++) starts[item + 2] += starts[item + 1];
  each([&](int item, int behaviour) { order[starts[item + 1]++] = behaviour; });
}

struct SumByItem {
  const Blocks& blocks;
  const float* dz;
  const int* starts;
  const int* order;
  int items, tasks;
  float* d_items;

  // The first item of a task: tasks have about as many behaviours, and an item without any costs a quarter of one.
  int first_item(int task) const {
    const long all = 4L * starts[items] + items, wanted = all * task / tasks;
    int low = 0, high = items;
    while (low < high) {
      int middle = (low + high) / 2;
      if (4L * starts[middle] + middle < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  void operator()(int task) const {
    const int units = blocks.units, end = first_item(task + 1);
    const size_t stride = blocks.padded * 4;
    for (int item = first_item(task); item < end; item++) {
      const int from = starts[item], to = starts[item + 1];
      float* result = d_items + (size_t)item * 4 * units;
      if (from == to) {
        memset(result, 0, sizeof(float) * 4 * units);
        continue;
      }
      if (to < starts[items]) __builtin_prefetch(dz + order[to] * stride);
      for (int block = 0; block < blocks.count; block++) {
        const int at = block * WIDTH;
        V sum[4] = {zero(), zero(), zero(), zero()};
        for (int k = from; k < to; k++) {
          const float* row = dz + order[k] * stride + at * 4;
#pragma GCC unroll 4
          for (int gate = 0; gate < 4; gate++) sum[gate] = sum[gate] + load(row + gate * WIDTH);
        }
        for (int gate = 0; gate < 4; gate++) store_up_to(result + (size_t)gate * units + at, sum[gate], units - at);
      }
    }
  }
};

}  // namespace

bool lstm_gradient(const LstmGradient& call) {
  const LstmInputs& in = call.in;
  const LstmSizes& sizes = in.sizes;
  const Blocks blocks(sizes.units);
  const int workers = in.plan.tasks > num_threads() ? num_threads() : in.plan.tasks > 0 ? in.plan.tasks : 1;
  int most = 0;
  for (int task = 0; task < in.plan.tasks; task++) {
    int count = in.plan.starts[task + 1] - in.plan.starts[task];
    if (count > most) most = count;
  }
  const size_t behaviours = (size_t)sizes.time * sizes.batch;
  const size_t transposed_floats = blocks.columns * blocks.padded * 4;
  const size_t share_floats = Share::floats(blocks, sizes), rows_floats = Rows::floats(blocks, most);
  const size_t dz_floats = behaviours * blocks.padded * 4;
  float* memory = take_scratch(Parts::size_of(transposed_floats) + workers * (share_floats + rows_floats) +
                               Parts::size_of(dz_floats) + Parts::size_of(sizes.items + 2) +
                               Parts::size_of(behaviours));
  if (!memory) return false;
  Parts parts(memory);
  float* transposed = parts.take(transposed_floats);
  float* shares = parts.take(workers * share_floats);
  float* rows = parts.take(workers * rows_floats);
  float* dz = parts.take(dz_floats);
  int* starts = reinterpret_cast<int*>(parts.take(sizes.items + 2));
  int* order = reinterpret_cast<int*>(parts.take(behaviours));

  pack_transposed(in.recurrent, blocks, transposed);
  memset(shares, 0, sizeof(float) * workers * share_floats);
  Task task{call, blocks, transposed, shares, share_floats, rows, rows_floats, dz};
  run_tasks(in.plan.tasks, task);

  const Share all(shares, blocks, sizes);
  collect(all.recurrent, share_floats, workers, blocks, blocks.units, 4 * WIDTH, (size_t)blocks.units * 4 * WIDTH,
          call.d_recurrent);
  collect(all.properties, share_floats, workers, blocks, sizes.properties, blocks.padded * 4, 4 * WIDTH,
          call.d_properties);
  if (call.d_peephole) {
    for (int row = 0; row < 3; row++) {
      for (int unit = 0; unit < blocks.units; unit++) {
        float sum = 0;
        for (int worker = 0; worker < workers; worker++) {
          sum += all.peephole[worker * share_floats + row * blocks.padded + unit];
        }
        call.d_peephole[row * blocks.units + unit] = sum;
      }
    }
  }
  order_by_item(in, starts, order);
  SumByItem sums{blocks, dz, starts, order, sizes.items, num_threads(), call.d_items};
  run_tasks(num_threads(), sums);
  give_scratch(memory);
  return true;
}

}  // namespace INSTRUCTIONS
