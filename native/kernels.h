// The kernels, each compiled for two instruction sets: what they read and write. All arrays are row by row; gates are
// in the order i, f, c (the candidate), o. Whoever calls them has checked sizes and indices.
#pragma once
#include <stddef.h>

// Which rows of a batch a task works on, so that all tasks have about as many steps.
struct Plan {
  int tasks;
  // Rows of the batch; those of task i lie at starts[i] .. starts[i + 1], by decreasing length.
  const int* rows;
  const int* starts;
};

struct LstmSizes {
  int time, batch, units, items, properties;
};

// What both directions of the LSTM read.
struct LstmInputs {
  LstmSizes sizes;
  const float* items;       // e W_e of the distinct items, [items, 4 units]
  const float* properties;  // p W_p + b of the distinct property combinations, [properties, 4 units]
  const int* item_at;       // [time, batch]
  const int* property_at;   // [time, batch]
  const int* lengths;       // [batch]
  const float* recurrent;   // W_h, [units, 4 units]
  const float* peephole;    // w_i, w_f and w_o, [3, units], or null
  Plan plan;
};

struct LstmForward {
  LstmInputs in;
  float* states;  // h, [time, batch, units]; zero at padding steps
  // What the gradient needs, in an order of its own and nothing at padding steps; null where none will be asked for.
  float* cells;  // c, [time, batch, units rounded up to MAX_WIDTH]
  float* gates;  // [time, batch, 4 x units rounded up to MAX_WIDTH]
};

struct LstmGradient {
  LstmInputs in;
  const float* states;
  const float* cells;
  const float* gates;
  const float* d_states;
  float* d_items;
  float* d_properties;
  float* d_recurrent;
  float* d_peephole;  // null without peepholes
};

struct Attention {
  int time, batch, units, hidden, queries;
  const float* states;    // h, [time, batch, units]
  const float* keys;      // k, [time, batch, hidden]
  const float* query;     // q, [queries, hidden], or null where each row asks once, and with nothing
  const float* score;     // v, [hidden]
  const int* lengths;     // [batch]
  const int* request_of;  // row of the batch that each query asks, [queries]
  // The queries of row b lie at asked_starts[b] .. asked_starts[b + 1] of `asked`.
  const int* asked;
  const int* asked_starts;
  // Task i works on the rows starts[i] .. starts[i + 1] of the batch.
  int tasks;
  const int* starts;
};

struct AttentionForward {
  Attention in;
  float* representation;  // [queries, units]
  float* weights;         // a, [queries, time]; zero beyond the history
};

struct AttentionGradient {
  Attention in;
  const float* weights;
  const float* d_representation;
  float* d_states;
  float* d_keys;
  float* d_query;  // null without queries
  float* d_score;
};

constexpr int MAX_WIDTH = 16;

// All return false when there is not enough memory.
#define DECLARE_KERNELS(instructions)                  \
  namespace instructions {                             \
  bool lstm_forward(const LstmForward& call);          \
  bool lstm_gradient(const LstmGradient& call);        \
  bool attention_forward(const AttentionForward& call);   \
  bool attention_gradient(const AttentionGradient& call); \
  }
DECLARE_KERNELS(avx512)
DECLARE_KERNELS(avx2)
#undef DECLARE_KERNELS

struct Kernels {
  bool (*lstm_forward)(const LstmForward&);
  bool (*lstm_gradient)(const LstmGradient&);
  bool (*attention_forward)(const AttentionForward&);
  bool (*attention_gradient)(const AttentionGradient&);
};
