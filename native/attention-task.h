// What both directions of the attention do for a query.
#pragma once
#include "kernels.h"
#include "vector.h"

namespace INSTRUCTIONS {
namespace {

// k_t + q of a block of WIDTH hidden units, zeros beyond the last.
INLINE V key(const Attention& in, const float* keys, const float* query, int at) {
  V k = load_up_to(keys + at, in.hidden - at);
  return query ? k + load_up_to(query + at, in.hidden - at) : k;
}

INLINE const float* query_of(const Attention& in, int query) {
  return in.query ? in.query + (size_t)query * in.hidden : nullptr;
}

}  // namespace
}  // namespace INSTRUCTIONS
