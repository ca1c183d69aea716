// Memory for the length of a call, kept from one call to the next: fresh pages would cost more than the work on them.
#pragma once
#include <stddef.h>

// Floats at a multiple of 64 bytes, with undefined content; null when there is not enough memory. A call takes one
// piece and parts it: one is kept, the largest so far.
float* take_scratch(size_t floats);
void give_scratch(float* memory);

// Parts a piece into arrays that begin at multiples of 64 bytes.
class Parts {
 public:
  __attribute__((always_inline)) explicit Parts(float* memory) : next_(memory) {}
  __attribute__((always_inline)) float* take(size_t floats) {
    float* part = next_;
    next_ += size_of(floats);
    return part;
  }
  __attribute__((always_inline)) static size_t size_of(size_t floats) { return (floats + 15) / 16 * 16; }

 private:
  float* next_;
};
