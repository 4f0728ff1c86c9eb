/* The matrix-vector products of one character and nothing else, as fast as this processor can:
 * weights and vectors of int16, sums of int32, the widest instructions there are. Each matrix is as
 * large as the model's and lies in memory once, so that it must be read as a sampler reads it; and
 * each product waits for the one before.
 *
 *     cc -O3 -march=native -o native_products native_products.c
 *     ./native_products LAYERS ROWS COLUMNS HEAD_ROWS HEAD_COLUMNS SECONDS [128]
 *
 * prints the microseconds of a character: the median of twenty stretches of the time. With 128, the
 * products that escriba's kernel makes for eight streams at once: instructions of 128 bits, which are
 * the widest that WebAssembly has; weights of 8 bits, two rows to a word; and of the first layer those
 * of h alone, since a table has the others.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 20

#if defined(__AVX512BW__)
#include <immintrin.h>
typedef __m512i vec;
#define WIDTH 32
#define LOAD(p) _mm512_loadu_si512(p)
#define ZERO _mm512_setzero_si512()
#ifdef __AVX512VNNI__
#define NAME "AVX-512 with VNNI"
#define DOT(sum, a, b) sum = _mm512_dpwssd_epi32(sum, a, b)
#else
#define NAME "AVX-512"
#define DOT(sum, a, b) sum = _mm512_add_epi32(sum, _mm512_madd_epi16(a, b))
#endif
static int32_t total(vec v) { return _mm512_reduce_add_epi32(v); }
#elif defined(__AVX2__)
#include <immintrin.h>
typedef __m256i vec;
#define NAME "AVX2"
#define WIDTH 16
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define ZERO _mm256_setzero_si256()
#define DOT(sum, a, b) sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b))
static int32_t total(vec v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}
#else /* whatever the compiler makes of plain loops */
#define NAME "plain C"
#define WIDTH 1
typedef int32_t vec;
#define LOAD(p) (*(p))
#define ZERO 0
#define DOT(sum, a, b) sum += (int32_t)(a) * (b)
static int32_t total(vec v) { return v; }
#endif

/* Four rows at a time: each load of the vector serves them all. */
static void multiply(const int16_t *w, int rows, int columns, const int16_t *x, int32_t *out) {
  for (int r = 0; r < rows; r += 4, w += 4 * columns) {
    vec a = ZERO, b = ZERO, c = ZERO, d = ZERO;
    for (int j = 0; j < columns; j += WIDTH) {
      vec v = LOAD(x + j);
      DOT(a, v, LOAD(w + j));
      DOT(b, v, LOAD(w + columns + j));
      DOT(c, v, LOAD(w + 2 * columns + j));
      DOT(d, v, LOAD(w + 3 * columns + j));
    }
    out[r] = total(a), out[r + 1] = total(b), out[r + 2] = total(c), out[r + 3] = total(d);
  }
}

#define VECTORS 8

#ifdef __SSE2__
#include <immintrin.h>
#define LOAD_128(p) _mm_loadu_si128((const __m128i *)(p))
#define DOT_128(sum, a, b) sum = _mm_add_epi32(sum, _mm_madd_epi16(a, b))
static int32_t total_128(__m128i s) {
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

/* Two rows, which share words, on four vectors at a time: sums for which there are registers. */
static void multiply_eight(const int16_t *w, int rows, int columns, const int16_t *x,
                           int32_t *out) {
  for (int r = 0; r < rows; r += 2, w += columns)
    for (int s = 0; s < VECTORS; s += 4) {
      const int16_t *at = x + s * columns;
      __m128i a[4] = {0}, b[4] = {0};
      for (int j = 0; j < columns; j += 8) {
        __m128i words = LOAD_128(w + j), high = _mm_srai_epi16(words, 8);
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
          __m128i v = LOAD_128(at + k * columns + j);
          DOT_128(a[k], v, words);
          DOT_128(b[k], v, high);
        }
      }
      for (int k = 0; k < 4; k++) {
        int32_t second = total_128(b[k]);
        out[(s + k) * rows + r] = total_128(a[k]) - 256 * second;
        out[(s + k) * rows + r + 1] = second;
      }
    }
}
#else
#define multiply_eight(w, rows, columns, x, out) exit(3)
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int count, char **given) {
  if (count != 7 && count != 8) return 2;
  int layers = atoi(given[1]), rows = atoi(given[2]), columns = atoi(given[3]);
  int head_rows = (atoi(given[4]) + 3) / 4 * 4, head_columns = atoi(given[5]);
  int vectors = count == 8 ? VECTORS : 1, most = rows > head_rows ? rows : head_rows;
  double seconds = atof(given[6]), times[ROUNDS];
  size_t layer = (size_t)rows * columns, size = layers * layer + (size_t)head_rows * head_columns;
  int16_t *w = aligned_alloc(64, (2 * size + 63) / 64 * 64);
  int16_t *x = aligned_alloc(64, (2 * (size_t)columns * vectors + 63) / 64 * 64);
  int32_t *out = malloc(sizeof(int32_t) * (size_t)most * vectors);
  for (size_t i = 0; i < size; i++) w[i] = (int16_t)(i * 31 % 4001) - 2000;
  for (int i = 0; i < columns * vectors; i++) x[i] = (int16_t)(i * 17 % 4001 - 2000);
  for (int round = 0; round < ROUNDS; round++) {
    double begun = now(), end = begun + seconds / ROUNDS;
    int characters = 0;
    for (; now() < end; characters += vectors) {
      const int16_t *at = w;
      for (int l = 0; l <= layers; l++) {
        int r = l < layers ? rows : head_rows, c = l < layers ? columns : head_columns;
        if (vectors == 1) {
          multiply(at, r, c, x, out), at += (size_t)r * c;
        } else {
          if (l == 0) c /= 2;
          multiply_eight(at, r, c, x, out), at += (size_t)r * c / 2;
        }
        x[l] = (int16_t)(out[0] >> 16);
      }
    }
    times[round] = (now() - begun) / characters * 1e6;
  }
  qsort(times, ROUNDS, sizeof(double), compare);
  printf("%.3f %s\n", times[ROUNDS / 2], vectors == 1 ? NAME : "128 bits");
  return 0;
}
