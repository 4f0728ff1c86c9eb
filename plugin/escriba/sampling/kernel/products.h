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

#define BATCH 64 /* vectors at once */

#define DOT(sum, a, b) sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(a, b))

/* [a0 + a2, b0 + b2, a1 + a3, b1 + b3] */
static v128_t add_halves(v128_t a, v128_t b) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5),
                        wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
}

/* The sums of the lanes of four vectors. */
static v128_t add_lanes(v128_t a, v128_t b, v128_t c, v128_t d) {
  v128_t ab = add_halves(a, b), cd = add_halves(c, d);
  return wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5),
                        wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
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

#define PAIR(at, words, high, x) \
  row = wasm_v128_load(at), DOT(words, x, row), DOT(high, x, wasm_i16x8_shr(row, 8))

/* Eight rows on one vector: each load of it serves them all. */
static void multiply_one(const int16_t *w, uint32_t columns, const int16_t *x, v128_t offset,
                         const int32_t *base, const int32_t *factor, int32_t *out) {
  v128_t a = wasm_i32x4_splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a, row;
  for (uint32_t j = 0; j < columns; j += 8, w += 32) {
    v128_t u = wasm_v128_load(x + j);
    PAIR(w, a, e, u), PAIR(w + 8, b, f, u), PAIR(w + 16, c, g, u), PAIR(w + 24, d, h, u);
  }
  store_sums(out, base, factor, add_lanes(a, b, c, d), add_lanes(e, f, g, h), offset);
}

/* Two pairs of rows on two vectors: words and high rows of x, then of y, for each pair. */
static void multiply_pairs(const int16_t *w, uint32_t columns, const int16_t *x, const int16_t *y,
                           v128_t *sums) {
  v128_t a = wasm_i32x4_splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a, row;
  for (uint32_t j = 0; j < columns; j += 8, w += 32) {
    v128_t u = wasm_v128_load(x + j), v = wasm_v128_load(y + j);
    row = wasm_v128_load(w), DOT(a, u, row), DOT(c, v, row);
    row = wasm_i16x8_shr(row, 8), DOT(b, u, row), DOT(d, v, row);
    row = wasm_v128_load(w + 8), DOT(e, u, row), DOT(g, v, row);
    row = wasm_i16x8_shr(row, 8), DOT(f, u, row), DOT(h, v, row);
  }
  sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
  sums[4] = e, sums[5] = f, sums[6] = g, sums[7] = h;
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
  const int16_t *w = (const int16_t *)part_of(image, matrix->weights) + 4 * from;
  const int32_t *factor = (const int32_t *)part_of(image, matrix->factors);
  uint32_t columns = to - from, n = v->count;
  v128_t offset[BATCH], sums[16];
  for (uint32_t s = 0; s < n; s++) offset[s] = sum_vector(v->x[s] + from, columns);
  for (uint32_t r = 0; r < matrix->rows; r += 8, w += 4 * matrix->columns, factor += 8) {
    uint32_t s = 0;
    for (; s + 2 <= n; s += 2) { /* the loads of the rows serve two vectors */
      multiply_pairs(w, columns, v->x[s] + from, v->x[s + 1] + from, sums);
      multiply_pairs(w + 16, columns, v->x[s] + from, v->x[s + 1] + from, sums + 8);
      for (uint32_t i = 0; i < 2; i++)
        store_sums(v->out[s + i] + r, v->base[s + i] + r, factor,
                   add_lanes(sums[2 * i], sums[2 * i + 4], sums[2 * i + 8], sums[2 * i + 12]),
                   add_lanes(sums[2 * i + 1], sums[2 * i + 5], sums[2 * i + 9], sums[2 * i + 13]),
                   offset[s + i]);
    }
    if (s < n)
      multiply_one(w, columns, v->x[s] + from, offset[s], v->base[s] + r, factor, v->out[s] + r);
  }
}
