// The gradient of the attention. Activities are worked out again; with d_t = dy . h_t, the gradient of score t is
// a_t (d_t - sum_s a_s d_s). A task owns the histories of its rows, so that their gradients need no sharing.
#include <string.h>

#include "attention-task.h"
#include "scratch.h"
#include "threads.h"

namespace INSTRUCTIONS {
namespace {

// One query of row `row`: sets the gradients of the history if it is the FIRST there and else adds to them, adds to that of v,
// sets that of the query. `along` has `time` floats.
template <bool FIRST>
NOINLINE void ask(const AttentionGradient& call, int row, int query, float* along, float* d_score) {
  const Attention& in = call.in;
  const int length = in.lengths[row];
  const float* weights = call.weights + (size_t)query * in.time;
  const float* dy = call.d_representation + (size_t)query * in.units;
  const float* q = query_of(in, query);
  float* dq = call.d_query ? call.d_query + (size_t)query * in.hidden : nullptr;
  if (dq) memset(dq, 0, sizeof(float) * in.hidden);
  float mean = 0;
  for (int t = 0; t < length; t++) {
    const size_t behaviour = (size_t)t * in.batch + row;
    const float* h = in.states + behaviour * in.units;
    float* dh = call.d_states + behaviour * in.units;
    const V a = fill(weights[t]);
    V product = zero();
    for (int at = 0; at < in.units; at += WIDTH) {
      const int n = in.units - at;
      V d = load_up_to(dy + at, n);
      product = fma(d, load_up_to(h + at, n), product);
      store_up_to(dh + at, FIRST ? a * d : fma(a, d, load_up_to(dh + at, n)), n);
    }
    along[t] = sum(product);
    mean += weights[t] * along[t];
  }
  for (int t = 0; t < length; t++) {
    const size_t behaviour = (size_t)t * in.batch + row;
    const float* keys = in.keys + behaviour * in.hidden;
    float* dk = call.d_keys + behaviour * in.hidden;
    const V ds = fill(weights[t] * (along[t] - mean));
    for (int at = 0; at < in.hidden; at += WIDTH) {
      const int n = in.hidden - at;
      V z = tanh(key(in, keys, q, at));
      store_up_to(d_score + at, fma(ds, z, load_up_to(d_score + at, n)), n);
      V dz = ds * load_up_to(in.score + at, n) * (fill(1.f) - z * z);
      store_up_to(dk + at, FIRST ? dz : load_up_to(dk + at, n) + dz, n);
      if (dq) store_up_to(dq + at, load_up_to(dq + at, n) + dz, n);
    }
  }
}

struct Task {
  const AttentionGradient& call;
  float* along;
  float* d_scores;  // of each worker

  void operator()(int task) const {
    const Attention& in = call.in;
    const int worker = task % num_threads();
    float* along_of_worker = along + (size_t)worker * Parts::size_of(in.time);
    float* d_score = d_scores + (size_t)worker * Parts::size_of(in.hidden);
    for (int row = in.starts[task]; row < in.starts[task + 1]; row++) {
      const int first = in.asked_starts[row], end = in.asked_starts[row + 1];
      for (int t = first < end ? in.lengths[row] : 0; t < in.time; t++) {
        const size_t behaviour = (size_t)t * in.batch + row;
        memset(call.d_states + behaviour * in.units, 0, sizeof(float) * in.units);
        memset(call.d_keys + behaviour * in.hidden, 0, sizeof(float) * in.hidden);
      }
      for (int k = first; k < end; k++) {
        if (k == first) {
          ask<true>(call, row, in.asked[k], along_of_worker, d_score);
        } else {
          ask<false>(call, row, in.asked[k], along_of_worker, d_score);
        }
      }
    }
  }
};

}  // namespace

bool attention_gradient(const AttentionGradient& call) {
  const Attention& in = call.in;
  const int workers = in.tasks < num_threads() ? in.tasks : num_threads();
  const size_t along = workers * Parts::size_of(in.time), scores = workers * Parts::size_of(in.hidden);
  float* memory = take_scratch(along + scores);
  if (!memory) return false;
  memset(memory + along, 0, sizeof(float) * scores);
  Task task{call, memory, memory + along};
  run_tasks(in.tasks, task);
  for (int unit = 0; unit < in.hidden; unit++) {
    float total = 0;
    for (int worker = 0; worker < workers; worker++) {
      total += task.d_scores[worker * Parts::size_of(in.hidden) + unit];
    }
    call.d_score[unit] = total;
  }
  give_scratch(memory);
  return true;
}

}  // namespace INSTRUCTIONS
