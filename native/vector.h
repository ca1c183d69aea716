// Vectors of floats as wide as the instruction set that this file is compiled for: 16 with AVX-512, 8 with AVX2 and FMA.
// Files that include this are compiled once for each, so they must not emit shared code: no inline functions of the
// standard library, which the linker would merge across instruction sets.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

#ifdef __AVX512F__

constexpr int WIDTH = 16;
using V = __m512;

INLINE V load(const float* p) { return _mm512_loadu_ps(p); }
INLINE void store(float* p, V x) { _mm512_storeu_ps(p, x); }
// Past the caches, to a multiple of the vector's size: for what is read again only much later.
INLINE void stream(float* p, V x) { _mm512_stream_ps(p, x); }
INLINE __mmask16 first(int n) { return (__mmask16)((1u << n) - 1); }
// The first n floats and zeros; what lies behind them is not touched.
INLINE V load_first(const float* p, int n) { return _mm512_maskz_loadu_ps(first(n), p); }
INLINE void store_first(float* p, V x, int n) { _mm512_mask_storeu_ps(p, first(n), x); }
INLINE V fill(float x) { return _mm512_set1_ps(x); }
INLINE V zero() { return _mm512_setzero_ps(); }
INLINE V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
// Not a number stays what it is: of such a pair the instructions give the second.
INLINE V clamp(V x, float limit) {
  return _mm512_max_ps(_mm512_set1_ps(-limit), _mm512_min_ps(_mm512_set1_ps(limit), x));
}
// x * 2^k, where k is an integer in the low bits of `biased` (1.5 * 2^23 + k).
INLINE V times_power(V x, V biased) {
  __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(biased), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), exponent));
}
INLINE float sum(V x) { return _mm512_reduce_add_ps(x); }

#else

constexpr int WIDTH = 8;
using V = __m256;

INLINE V load(const float* p) { return _mm256_loadu_ps(p); }
INLINE void store(float* p, V x) { _mm256_storeu_ps(p, x); }
// Past the caches, to a multiple of the vector's size: for what is read again only much later.
INLINE void stream(float* p, V x) { _mm256_stream_ps(p, x); }
INLINE __m256i first(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
// The first n floats and zeros; what lies behind them is not touched.
INLINE V load_first(const float* p, int n) { return _mm256_maskload_ps(p, first(n)); }
INLINE void store_first(float* p, V x, int n) { _mm256_maskstore_ps(p, first(n), x); }
INLINE V fill(float x) { return _mm256_set1_ps(x); }
INLINE V zero() { return _mm256_setzero_ps(); }
INLINE V fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
// Not a number stays what it is: of such a pair the instructions give the second.
INLINE V clamp(V x, float limit) {
  return _mm256_max_ps(_mm256_set1_ps(-limit), _mm256_min_ps(_mm256_set1_ps(limit), x));
}
// x * 2^k, where k is an integer in the low bits of `biased` (1.5 * 2^23 + k).
INLINE V times_power(V x, V biased) {
  __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(biased), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), exponent));
}
INLINE float sum(V x) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

#endif

// What was streamed is there for other threads.
INLINE void end_streams() { _mm_sfence(); }

// Up to WIDTH floats: n of them.
INLINE V load_up_to(const float* p, int n) { return n >= WIDTH ? load(p) : load_first(p, n); }
INLINE void store_up_to(float* p, V x, int n) {
  if (n >= WIDTH) {
    store(p, x);
  } else {
    store_first(p, x, n);
  }
}

constexpr size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

// e^x to 2 units in the last place for |x| <= 87, beyond which it is that of 87 (Cephes, expf).
INLINE V exp(V x) {
  x = clamp(x, 87.f);
  V biased = fma(x, fill(1.44269504f), fill(12582912.f));
  V k = biased - fill(12582912.f);
  V r = fma(k, fill(2.12194440e-4f), fma(k, fill(-0.693359375f), x));
  V p = fma(fill(1.9875691500e-4f), r, fill(1.3981999507e-3f));
  p = fma(p, r, fill(8.3334519073e-3f));
  p = fma(p, r, fill(4.1665795894e-2f));
  p = fma(p, r, fill(1.6666665459e-1f));
  p = fma(p, r, fill(0.5f));
  return times_power(fma(p, r * r, r) + fill(1.f), biased);
}

INLINE V sigmoid(V x) { return fill(1.f) / (fill(1.f) + exp(zero() - x)); }

// To a few units in the last place, also near zero: the rational function of Eigen.
INLINE V tanh(V x) {
  x = clamp(x, 7.99881172180175781f);
  V y = x * x;
  V p = fma(fill(-2.76076847742355e-16f), y, fill(2.00018790482477e-13f));
  p = fma(p, y, fill(-8.60467152213735e-11f));
  p = fma(p, y, fill(5.12229709037114e-08f));
  p = fma(p, y, fill(1.48572235717979e-05f));
  p = fma(p, y, fill(6.37261928875436e-04f));
  p = fma(p, y, fill(4.89352455891786e-03f));
  V q = fma(fill(1.19825839466702e-06f), y, fill(1.18534705686654e-04f));
  q = fma(q, y, fill(2.26843463243900e-03f));
  q = fma(q, y, fill(4.89352518554385e-03f));
  return x * p / q;
}
