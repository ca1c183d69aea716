// The inner loop of every matrix product here, with its result in registers.
#pragma once
#include "vector.h"

// Rows worked on together: as many as there are registers for, beside four vectors of columns.
constexpr int ROWS = WIDTH == 16 ? 6 : 3;

// acc[M x N vectors] += A[M x K] B[K x N vectors]. A has `stride` between rows, or between columns if it is TRANSPOSED;
// the rows of B lie one after the other.
template <int M, int N, bool TRANSPOSED>
INLINE void multiply(int K, const float* A, size_t stride, const float* B, V (&acc)[M][N]) {
  for (int k = 0; k < K; k++) {
    V a[M];
#pragma GCC unroll 8
    for (int m = 0; m < M; m++) a[m] = fill(TRANSPOSED ? A[k * stride + m] : A[m * stride + k]);
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
      V b = load(B + ((size_t)k * N + n) * WIDTH);
#pragma GCC unroll 8
      for (int m = 0; m < M; m++) acc[m][n] = fma(a[m], b, acc[m][n]);
    }
  }
}

// Calls `f.template rows<M>(at)` for all of `count` rows, ROWS at a time.
template <class F>
INLINE void by_rows(int count, const F& f) {
  int at = 0;
  for (; at + ROWS <= count; at += ROWS) f.template rows<ROWS>(at);
  switch (count - at) {
    case 5: return f.template rows<ROWS >= 6 ? 5 : 1>(at);
    case 4: return f.template rows<ROWS >= 6 ? 4 : 1>(at);
    case 3: return f.template rows<ROWS >= 6 ? 3 : 1>(at);
    case 2: return f.template rows<2>(at);
    case 1: return f.template rows<1>(at);
    default: return;
  }
}
