/* Matrix-vector products.
 *
 * A weight is q times the factor of its row, and q has 8 bits. Two rows share words of 16 bits:
 * 256 times the one's q, plus the other's q and 128. The products of the words with the activations,
 * and of the words shifted down by 8, give both: the second is the one's sum; the first, less 256
 * times the second, is the other's, with 128 times the sum of the activations. (The first may wrap;
 * what is left at the end cannot have.) Eight rows lie together, as four pairs, 8 columns of each in
 * turn, so that the weights are read in one run. */
#pragma once
#include "image.h"

#define BATCH 8 /* vectors at once: what is read of them and written fits into the first cache */

#define DOT(sum, a, b) sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(a, b))

/* [a0 + a2, b0 + b2, a1 + a3, b1 + b3] */
static v128_t add_halves(v128_t a, v128_t b) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5),
                        wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
}

/* [ab0 + ab2, ab1 + ab3, cd0 + cd2, cd1 + cd3] */
static v128_t add_quarters(v128_t ab, v128_t cd) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5),
                        wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
}

/* The sums of the lanes of four vectors. */
static v128_t add_lanes(v128_t a, v128_t b, v128_t c, v128_t d) {
  return add_quarters(add_halves(a, b), add_halves(c, d));
}

/* 128 times the sum of some activations, in every lane. */
static v128_t sum_vector(const int16_t *x, uint32_t columns) {
  v128_t sum = wasm_i32x4_splat(0), weight = wasm_i16x8_splat(128);
  for (uint32_t j = 0; j < columns; j += 8) DOT(sum, wasm_v128_load(x + j), weight);
  return add_lanes(sum, sum, sum, sum);
}

/* out = base + factor · sum, of four rows low in their words and the four that are high. */
static void store_sums(int32_t *out, const int32_t *base, const int32_t *factor, v128_t words,
                       v128_t high, v128_t offset) {
  v128_t low = wasm_i32x4_sub(wasm_i32x4_sub(words, wasm_i32x4_shl(high, 8)), offset);
  low = wasm_i32x4_mul(low, wasm_v128_load(factor));
  high = wasm_i32x4_mul(high, wasm_v128_load(factor + 4));
  wasm_v128_store(out, wasm_i32x4_add(wasm_v128_load(base), low));
  wasm_v128_store(out + 4, wasm_i32x4_add(wasm_v128_load(base + 4), high));
}

/* For eight columns after the other, from `at` = -columns on. Between them is always a branch: where
 * there is none, wasmtime puts the loads of all first, and has no registers for them. */
#define EACH_COLUMN(BODY)                             \
  for (int32_t at = -(int32_t)columns;; at += 32) {   \
    const int16_t *rows = w + 4 * at;                 \
    BODY(0)                                           \
    if (at == -8) break;                              \
    BODY(1)                                           \
    if (at == -16) break;                             \
    BODY(2)                                           \
    if (at == -24) break;                             \
    BODY(3)                                           \
    if (at == -32) break;                             \
  }

/* One pair of rows on one vector, and on two. */
#define PAIR(k, words, high, x) \
  row = wasm_v128_load(rows + 8 * (k)), DOT(words, x, row), DOT(high, x, wasm_i16x8_shr(row, 8));
#define PAIRS(k, words, high, x, words_y, high_y, y)                               \
  row = wasm_v128_load(rows + 8 * (k)), DOT(words, x, row), DOT(words_y, y, row); \
  row = wasm_i16x8_shr(row, 8), DOT(high, x, row), DOT(high_y, y, row);

#define ONE_VECTOR(k)                     \
  u = wasm_v128_load(x + at + 8 * (k));   \
  PAIR(4 * (k), a, e, u)                  \
  PAIR(4 * (k) + 1, b, f, u)              \
  PAIR(4 * (k) + 2, c, g, u)              \
  PAIR(4 * (k) + 3, d, h, u)

#define TWO_VECTORS(k)                                                         \
  u = wasm_v128_load(x + at + 8 * (k)), v = wasm_v128_load(y + at + 8 * (k));  \
  PAIRS(4 * (k), a, b, u, c, d, v)                                             \
  PAIRS(4 * (k) + 1, e, f, u, g, h, v)

/* Eight rows on one vector: each load of it serves them all. Here and below, w and x (and y) point
 * behind their last column. */
static void multiply_one(const int16_t *w, uint32_t columns, const int16_t *x, v128_t offset,
                         const int32_t *base, const int32_t *factor, int32_t *out) {
  v128_t a = wasm_i32x4_splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a, row, u;
  EACH_COLUMN(ONE_VECTOR)
  store_sums(out, base, factor, add_lanes(a, b, c, d), add_lanes(e, f, g, h), offset);
}

/* Two pairs of rows on two vectors, half added: words and high rows of x, then of y. */
static void multiply_pairs(const int16_t *w, uint32_t columns, const int16_t *x, const int16_t *y,
                           v128_t *halves) {
  v128_t a = wasm_i32x4_splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a, row, u, v;
  EACH_COLUMN(TWO_VECTORS)
  halves[0] = add_halves(a, e), halves[1] = add_halves(b, f);
  halves[2] = add_halves(c, g), halves[3] = add_halves(d, h);
}

/* Some vectors, what is added to the product with each, and where the sums go. */
typedef struct {
  const int16_t *x[BATCH];
  const int32_t *base[BATCH];
  int32_t *out[BATCH];
  uint32_t count;
} Vectors;

/* out = base + matrix · x over the columns from `from` to `to`; each row is read once from memory. */
static void multiply(const Image *image, const Matrix *matrix, uint32_t from, uint32_t to,
                     const Vectors *v) {
  const int16_t *w = (const int16_t *)part_of(image, matrix->weights) + 4 * to;
  const int32_t *factor = (const int32_t *)part_of(image, matrix->factors);
  uint32_t columns = to - from, n = v->count;
  v128_t offset[BATCH], low[4], high[4];
  for (uint32_t s = 0; s < n; s++) offset[s] = sum_vector(v->x[s] + from, columns);
  for (uint32_t r = 0; r < matrix->rows; r += 8, w += 4 * matrix->columns, factor += 8) {
    uint32_t s = 0;
    for (; s + 2 <= n; s += 2) { /* the loads of the rows serve two vectors */
      multiply_pairs(w, columns, v->x[s] + to, v->x[s + 1] + to, low);
      multiply_pairs(w + 16, columns, v->x[s] + to, v->x[s + 1] + to, high);
      for (uint32_t i = 0; i < 2; i++)
        store_sums(v->out[s + i] + r, v->base[s + i] + r, factor,
                   add_quarters(low[2 * i], high[2 * i]),
                   add_quarters(low[2 * i + 1], high[2 * i + 1]), offset[s + i]);
    }
    if (s < n)
      multiply_one(w, columns, v->x[s] + to, offset[s], v->base[s] + r, factor, v->out[s] + r);
  }
}
