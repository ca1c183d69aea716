#include "scratch.h"

#include <stdlib.h>

#include <mutex>

namespace {

std::mutex mutex;
float* kept = nullptr;
size_t kept_floats = 0;
bool is_taken = false;

float* allocate(size_t floats) { return static_cast<float*>(aligned_alloc(64, (floats * 4 + 63) / 64 * 64)); }

}  // namespace

float* take_scratch(size_t floats) {
  std::lock_guard<std::mutex> lock(mutex);
  if (is_taken) return allocate(floats);
  if (kept_floats < floats) {
    free(kept);
    // Batches differ in length: some room above spares the next few from a new piece.
    kept_floats = floats + floats / 4;
    kept = allocate(kept_floats);
    if (!kept) {
      kept_floats = 0;
      return nullptr;
    }
  }
  is_taken = true;
  return kept;
}

void give_scratch(float* memory) {
  std::lock_guard<std::mutex> lock(mutex);
  if (memory == kept) {
    is_taken = false;
  } else {
    free(memory);
  }
}
