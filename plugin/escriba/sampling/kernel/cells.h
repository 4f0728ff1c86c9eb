/* The cells: from a layer's sums to its new state. */
#pragma once
#include "image.h"
#include "tables.h"

#define STATE 20 /* the shift of the cells' state */
#define STATE_LIMIT (1 << 30)

/* v / 2^shift, halves upwards. */
static int64_t round_shift(int64_t v, uint32_t shift) {
  return shift ? (v + ((int64_t)1 << (shift - 1))) >> shift : v;
}

static int64_t clamp(int64_t v, int64_t limit) {
  return v < -limit ? -limit : v > limit ? limit : v;
}

static v128_t clamp_lanes(v128_t v) {
  v128_t limit = wasm_i32x4_splat(65535);
  return wasm_i32x4_max(wasm_i32x4_neg(limit), wasm_i32x4_min(limit, v));
}

/* out = offset + tanh(u / 2^13) · 2^15, where u is z / 2^drop, or twice that. From u = 8 · 2^13
 * on tanh is 1: the table's last two entries are equal. Works in fours: up to three numbers
 * after `count` are read, and written. */
static void squash(const int32_t *z, uint32_t count, uint32_t drop, uint32_t twice,
                   int32_t offset, int32_t *out) {
  v128_t half = wasm_i32x4_splat(drop ? 1 << (drop - 1) : 0);
  for (uint32_t j = 0; j < count; j += 4) {
    v128_t u = wasm_i32x4_shr(wasm_i32x4_add(wasm_v128_load(z + j), half), drop);
    u = clamp_lanes(wasm_i32x4_shl(clamp_lanes(u), twice));
    v128_t size = wasm_i32x4_abs(u), at = wasm_u32x4_shr(size, 7), pair = at;
    /* two neighbours of the table in each lane */
    pair = wasm_v128_load32_lane(TANH + wasm_i32x4_extract_lane(at, 0), pair, 0);
    pair = wasm_v128_load32_lane(TANH + wasm_i32x4_extract_lane(at, 1), pair, 1);
    pair = wasm_v128_load32_lane(TANH + wasm_i32x4_extract_lane(at, 2), pair, 2);
    pair = wasm_v128_load32_lane(TANH + wasm_i32x4_extract_lane(at, 3), pair, 3);
    v128_t low = wasm_v128_and(pair, wasm_i32x4_splat(65535));
    v128_t step = wasm_i32x4_sub(wasm_u32x4_shr(pair, 16), low);
    v128_t part = wasm_i32x4_mul(step, wasm_v128_and(size, wasm_i32x4_splat(127)));
    part = wasm_i32x4_shr(wasm_i32x4_add(part, wasm_i32x4_splat(64)), 7);
    v128_t sign = wasm_i32x4_shr(u, 31), value = wasm_i32x4_add(low, part);
    value = wasm_i32x4_sub(wasm_v128_xor(value, sign), sign);
    wasm_v128_store(out + j, wasm_i32x4_add(value, wasm_i32x4_splat(offset)));
  }
}

/* σ(z / 2^12) · 2^16 = (1 + tanh(z / 2^13)) · 2^15 */
static void sigma(const int32_t *z, uint32_t count, uint32_t drop, int32_t *out) {
  squash(z, count, drop, 0, 1 << 15, out);
}

/* The cells: from the sums z, which are used up, the new h at the shift of the activations.
 * `a` takes the gates in their order; what squash writes beyond one the next overwrites. */

static void lstm(int32_t *z, uint32_t hidden, uint32_t drop, uint32_t shift, int32_t *a,
                 int32_t *c, int16_t *h) {
  int32_t *f = a + hidden, *g = f + hidden, *o = g + hidden;
  sigma(z, 2 * hidden, drop, a);
  squash(z + 2 * hidden, hidden, drop, 1, 0, g);
  sigma(z + 3 * hidden, hidden, drop, o);
  for (uint32_t j = 0; j < hidden; j++) {
    int64_t added = (int64_t)a[j] * g[j] * (1 << (STATE - 15));
    c[j] = (int32_t)clamp(round_shift((int64_t)f[j] * c[j] + added, 16), STATE_LIMIT);
  }
  squash(c, hidden, STATE - 13, 0, 0, z);
  for (uint32_t j = 0; j < hidden; j++)
    h[j] = (int16_t)round_shift((int64_t)o[j] * z[j], 31 - shift);
}

static void gru(int32_t *z, uint32_t hidden, uint32_t drop, uint32_t shift, int32_t *a,
                int32_t *c, int16_t *h) {
  int32_t *keep = a + hidden, *n = keep + hidden, *input = z + 2 * hidden, *state = input + hidden;
  sigma(z, 2 * hidden, drop, a);
  for (uint32_t j = 0; j < hidden; j++) {
    int64_t reset = round_shift(a[j] * round_shift(state[j], drop), 16);
    input[j] = (int32_t)clamp(round_shift(input[j], drop) + reset, 65535);
  }
  squash(input, hidden, 0, 1, 0, n);
  for (uint32_t j = 0; j < hidden; j++) {
    int64_t added = (int64_t)(65536 - keep[j]) * n[j] * (1 << (STATE - 15));
    c[j] = (int32_t)round_shift((int64_t)keep[j] * c[j] + added, 16);
    h[j] = (int16_t)round_shift(c[j], STATE - shift);
  }
}

static void rnn(const int32_t *z, uint32_t hidden, uint32_t drop, uint32_t shift, int32_t *a,
                int16_t *h) {
  squash(z, hidden, drop, 1, 0, a);
  for (uint32_t j = 0; j < hidden; j++) h[j] = (int16_t)round_shift(a[j], 15 - shift);
}
