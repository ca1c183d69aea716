// DupnAttention and DupnAttentionGradient: checks of what comes in, and the split of a batch into tasks.
#include <algorithm>
#include <vector>

#include "call.h"
#include "ops.h"
#include "registration.h"
#include "threads.h"

namespace {

const Kernels* kernels;

// Rows whose work is worth waking a thread for, in steps of queries.
constexpr int64_t FEWEST_STEPS = 256;

// The queries of each row, and rows cut into one task for each thread, with about as many steps of queries.
struct BatchPlan {
  std::vector<int> request_of, asked, asked_starts, starts;

  BatchPlan(const int* given, const int* lengths, int batch, int queries) {
    for (int query = 0; query < queries; query++) request_of.push_back(given ? given[query] : query);
    asked_starts.resize(batch + 2);
    for (int row : request_of) asked_starts[row + 2]++;
    for (int row = 0; row < batch; row++) asked_starts[row + 2] += asked_starts[row + 1];
    asked.resize(queries);
    for (int query = 0; query < queries; query++) asked[asked_starts[request_of[query] + 1]++] = query;

    std::vector<int64_t> before{0};
    for (int row = 0; row < batch; row++) {
      const int64_t questions = asked_starts[row + 1] - asked_starts[row];
      before.push_back(before.back() + questions * lengths[row] + 1);
    }
    const int64_t tasks = std::max<int64_t>(1, std::min<int64_t>(num_threads(), before.back() / FEWEST_STEPS));
    for (int64_t task = 0; task < tasks; task++) {
      starts.push_back(std::lower_bound(before.begin(), before.end(), before.back() * task / tasks) - before.begin());
    }
    starts.push_back(batch);
  }
};

// The inputs that both ops have, from input `at` on: states, keys, queries, request_of, score, lengths.
bool read(Call& call, int at, bool is_asked, Attention& in) {
  const bool ranks = call.expect_rank(at, "states", 3) && call.expect_rank(at + 1, "keys", 3) &&
                     call.expect_rank(at + 2, "queries", 2);
  if (!ranks) return false;
  in.time = call.size(at, 0);
  in.batch = call.size(at, 1);
  in.units = call.size(at, 2);
  in.hidden = call.size(at + 1, 2);
  in.queries = is_asked ? call.size(at + 2, 0) : in.batch;
  if ((int64_t)in.time * in.batch > INT32_MAX) return call.fail(TF_INVALID_ARGUMENT, "states are too large");
  const int64_t asked = is_asked ? in.queries : 0;
  const bool is_right = call.expect_shape(at + 1, "keys", {in.time, in.batch, in.hidden}) &&
                        call.expect_shape(at + 2, "queries", {asked, in.hidden}) &&
                        call.expect_shape(at + 3, "request_of", {asked}) &&
                        call.expect_shape(at + 4, "score", {in.hidden, 1}) &&
                        call.expect_shape(at + 5, "lengths", {in.batch}) &&
                        call.expect_below(at + 3, "request_of", in.batch) &&
                        call.expect_below(at + 5, "lengths", (int64_t)in.time + 1);
  if (!is_right) return false;
  in.states = call.floats(at);
  in.keys = call.floats(at + 1);
  in.query = is_asked ? call.floats(at + 2) : nullptr;
  in.score = call.floats(at + 4);
  in.lengths = call.ints(at + 5);
  return true;
}

void take(const BatchPlan& plan, Attention& in) {
  in.asked = plan.asked.data();
  in.asked_starts = plan.asked_starts.data();
  in.tasks = (int)plan.starts.size() - 1;
  in.starts = plan.starts.data();
}

void forward(void* is_asked, TF_OpKernelContext* context) {
  Call call(context);
  AttentionForward work;
  Attention& in = work.in;
  if (!read(call, 0, is_asked, in)) return;
  work.representation = call.output(0, {in.queries, in.units});
  work.weights = call.output(1, {in.queries, in.time});
  if (!work.representation || !work.weights) return;
  BatchPlan plan(is_asked ? call.ints(3) : nullptr, in.lengths, in.batch, in.queries);
  take(plan, in);
  if (!kernels->attention_forward(work)) call.fail(TF_RESOURCE_EXHAUSTED, "not enough memory");
}

void gradient(void* is_asked, TF_OpKernelContext* context) {
  Call call(context);
  AttentionGradient work;
  Attention& in = work.in;
  if (!read(call, 2, is_asked, in)) return;
  const bool is_right = call.expect_shape(0, "d_representation", {in.queries, in.units}) &&
                        call.expect_shape(1, "weights", {in.queries, in.time});
  if (!is_right) return;
  work.d_representation = call.floats(0);
  work.weights = call.floats(1);
  work.d_states = call.output(0, {in.time, in.batch, in.units});
  work.d_keys = call.output(1, {in.time, in.batch, in.hidden});
  float* d_query = call.output(2, {is_asked ? in.queries : 0, in.hidden});
  work.d_score = call.output(3, {in.hidden, 1});
  if (!work.d_states || !work.d_keys || (is_asked && !d_query) || !work.d_score) return;
  work.d_query = is_asked ? d_query : nullptr;
  BatchPlan plan(is_asked ? call.ints(5) : nullptr, in.lengths, in.batch, in.queries);
  take(plan, in);
  if (!kernels->attention_gradient(work)) call.fail(TF_RESOURCE_EXHAUSTED, "not enough memory");
}

void* is_asked(TF_OpKernelConstruction* construction) { return flag(construction, "asked"); }

}  // namespace

void register_attention(const Kernels& chosen, TF_Status* status) {
  kernels = &chosen;
  register_op({"DupnAttention",
               {"states: float", "keys: float", "queries: float", "request_of: int32", "score: float",
                "lengths: int32"},
               {"representation: float", "weights: float"},
               "asked: bool",
               is_asked,
               forward},
              status);
  register_op({"DupnAttentionGradient",
               {"d_representation: float", "weights: float", "states: float", "keys: float", "queries: float",
                "request_of: int32", "score: float", "lengths: int32"},
               {"d_states: float", "d_keys: float", "d_queries: float", "d_score: float"},
               "asked: bool",
               is_asked,
               gradient},
              status);
}
