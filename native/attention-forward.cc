// Attention over the states of a history, forward: a_t = softmax_t(v . tanh(k_t + q)), rep = sum_t a_t h_t.
#include <string.h>

#include "attention-task.h"
#include "threads.h"

namespace INSTRUCTIONS {
namespace {

// The softmax of `length` numbers, in place; there is at least one.
NOINLINE void softmax(float* x, int length) {
  float largest = x[0];
  for (int t = 1; t < length; t++) largest = x[t] > largest ? x[t] : largest;
  float total = 0;
  for (int t = 0; t < length; t += WIDTH) {
    const int n = length - t;
    V e = exp(load_up_to(x + t, n) - fill(largest));
    store_up_to(x + t, e, n);
    for (int k = 0; k < WIDTH && k < n; k++) total += x[t + k];
  }
  const float factor = 1 / total;
  for (int t = 0; t < length; t++) x[t] *= factor;
}

NOINLINE void ask(const AttentionForward& call, int row, int query) {
  const Attention& in = call.in;
  const int length = in.lengths[row];
  float* weights = call.weights + (size_t)query * in.time;
  float* representation = call.representation + (size_t)query * in.units;
  memset(weights + length, 0, sizeof(float) * (in.time - length));
  memset(representation, 0, sizeof(float) * in.units);
  if (length == 0) return;
  const float* q = query_of(in, query);
  for (int t = 0; t < length; t++) {
    const float* keys = in.keys + ((size_t)t * in.batch + row) * in.hidden;
    V s = zero();
    for (int at = 0; at < in.hidden; at += WIDTH) {
      s = fma(tanh(key(in, keys, q, at)), load_up_to(in.score + at, in.hidden - at), s);
    }
    weights[t] = sum(s);
  }
  softmax(weights, length);
  for (int t = 0; t < length; t++) {
    const float* h = in.states + ((size_t)t * in.batch + row) * in.units;
    const V a = fill(weights[t]);
    for (int at = 0; at < in.units; at += WIDTH) {
      const int n = in.units - at;
      V rep = fma(a, load_up_to(h + at, n), load_up_to(representation + at, n));
      store_up_to(representation + at, rep, n);
    }
  }
}

struct Task {
  const AttentionForward& call;

  void operator()(int task) const {
    const Attention& in = call.in;
    for (int row = in.starts[task]; row < in.starts[task + 1]; row++) {
      for (int k = in.asked_starts[row]; k < in.asked_starts[row + 1]; k++) ask(call, row, in.asked[k]);
    }
  }
};

}  // namespace

bool attention_forward(const AttentionForward& call) {
  Task task{call};
  run_tasks(call.in.tasks, task);
  return true;
}

}  // namespace INSTRUCTIONS
