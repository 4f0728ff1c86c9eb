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

/* Shifts of each lane by a number that is known only when this runs. (Of the header's own, in a loop,
 * clang 14 makes a shift for every lane.) */
#define SHIFT(out, instruction, v, shift)                                    \
  __asm__("local.get %1\n local.get %2\n " instruction "\n local.set %0" \
          : "=r"(out)                                                        \
          : "r"(v), "r"(shift))

static v128_t shift_right(v128_t v, uint32_t shift) {
  v128_t out;
  SHIFT(out, "i32x4.shr_s", v, shift);
  return out;
}

static v128_t shift_right_wide(v128_t v, uint32_t shift) {
  v128_t out;
  SHIFT(out, "i64x2.shr_u", v, shift);
  return out;
}

/* Four int64. */
typedef struct {
  v128_t low, high;
} Wide;

static Wide multiply_wide(v128_t a, v128_t b) {
  return (Wide){wasm_i64x2_extmul_low_i32x4(a, b), wasm_i64x2_extmul_high_i32x4(a, b)};
}

/* v / 2^shift, halves upwards, as far as it fits into int32. */
static v128_t round_wide(Wide v, uint32_t shift) {
  v128_t half = wasm_i64x2_splat((int64_t)1 << (shift - 1));
  v128_t low = shift_right_wide(wasm_i64x2_add(v.low, half), shift);
  v128_t high = shift_right_wide(wasm_i64x2_add(v.high, half), shift);
  return wasm_i32x4_shuffle(low, high, 0, 2, 4, 6);
}

/* The table of tanh in segments: the value where one starts, less 2^14, above the step to the next. */
static uint32_t segments[512];

static void prepare_segments(void) {
  for (uint32_t i = 0; i < 512; i++)
    segments[i] = (uint32_t)(TANH[i] - 16384) << 16 | (uint32_t)(TANH[i + 1] - TANH[i]);
}

static uint64_t load_segment(uint64_t at) {
  return *(const uint32_t *)((const char *)segments + (at & 65535));
}

/* Four segments, whose distances from the first, in bytes, are the 16-bit parts of a word. */
static v128_t load_segments(int64_t word) {
  uint64_t at = (uint64_t)word;
  return wasm_i64x2_make((int64_t)(load_segment(at) | load_segment(at >> 16) << 32),
                         (int64_t)(load_segment(at >> 32) | load_segment(at >> 48) << 32));
}

/* The values of four segments, with the signs of u. A lane of `parts` has below how much of 128 there
 * is of the segment's step, and above, for the value where it starts, 128. */
static v128_t interpolate(v128_t segment, v128_t parts, v128_t u) {
  v128_t value = wasm_i32x4_dot_i16x8(segment, parts), sign = wasm_i32x4_shr(u, 31);
  value = wasm_i32x4_shr(wasm_i32x4_add(value, wasm_i32x4_splat((16384 << 7) + 64)), 7);
  return wasm_i32x4_sub(wasm_v128_xor(value, sign), sign);
}

/* out = offset + tanh(u / 2^13) · 2^15, where u is z / 2^drop, or twice that. From |u| = 8 · 2^13
 * on tanh is 1, so that 16 bits are enough for |u|: the table's last two entries are equal. Works in
 * eights: up to seven numbers after `count` are read, and written. */
static void squash(const int32_t *z, uint32_t count, uint32_t drop, uint32_t twice,
                   int32_t offset, int32_t *out) {
  v128_t half = wasm_i32x4_splat(drop ? 1 << (drop - 1) : 0), added = wasm_i32x4_splat(offset);
  v128_t whole = wasm_i16x8_splat(128);
  for (uint32_t j = 0; j < count; j += 8) {
    v128_t u = shift_right(wasm_i32x4_add(wasm_v128_load(z + j), half), drop);
    v128_t v = shift_right(wasm_i32x4_add(wasm_v128_load(z + j + 4), half), drop);
    v128_t size = wasm_u16x8_narrow_i32x4(wasm_i32x4_abs(u), wasm_i32x4_abs(v));
    if (twice) size = wasm_u16x8_add_sat(size, size);
    v128_t at = wasm_v128_and(wasm_u16x8_shr(size, 5), wasm_i16x8_splat(~3)); /* size / 128 · 4 */
    v128_t parts = wasm_v128_and(size, wasm_i16x8_splat(127));
    u = interpolate(load_segments(wasm_i64x2_extract_lane(at, 0)),
                    wasm_i16x8_shuffle(parts, whole, 0, 8, 1, 9, 2, 10, 3, 11), u);
    v = interpolate(load_segments(wasm_i64x2_extract_lane(at, 1)),
                    wasm_i16x8_shuffle(parts, whole, 4, 12, 5, 13, 6, 14, 7, 15), v);
    wasm_v128_store(out + j, wasm_i32x4_add(u, added));
    wasm_v128_store(out + j + 4, wasm_i32x4_add(v, added));
  }
}

/* σ(z / 2^12) · 2^16 = (1 + tanh(z / 2^13)) · 2^15 */
static void sigma(const int32_t *z, uint32_t count, uint32_t drop, int32_t *out) {
  squash(z, count, drop, 0, 1 << 15, out);
}

/* The cells: from the sums z, which are used up, the new h at the shift of the activations.
 * `a` takes the gates in their order; what squash writes beyond one the next overwrites. What is
 * left in c and h beyond `hidden` has no weight. */

static void lstm(int32_t *z, uint32_t hidden, uint32_t drop, uint32_t shift, int32_t *a,
                 int32_t *c, int16_t *h) {
  int32_t *f = a + hidden, *g = f + hidden, *o = g + hidden;
  sigma(z, 2 * hidden, drop, a);
  squash(z + 2 * hidden, hidden, drop, 1, 0, g);
  sigma(z + 3 * hidden, hidden, drop, o);
  for (uint32_t j = 0; j < hidden; j += 4) {
    Wide kept = multiply_wide(wasm_v128_load(f + j), wasm_v128_load(c + j));
    Wide added = multiply_wide(wasm_v128_load(a + j), wasm_v128_load(g + j));
    kept.low = wasm_i64x2_add(kept.low, wasm_i64x2_shl(added.low, STATE - 15));
    kept.high = wasm_i64x2_add(kept.high, wasm_i64x2_shl(added.high, STATE - 15));
    v128_t state = round_wide(kept, 16), limit = wasm_i32x4_splat(STATE_LIMIT);
    state = wasm_i32x4_max(wasm_i32x4_neg(limit), wasm_i32x4_min(limit, state));
    wasm_v128_store(c + j, state);
  }
  squash(c, hidden, STATE - 13, 0, 0, z);
  for (uint32_t j = 0; j < hidden; j += 8) {
    Wide low = multiply_wide(wasm_v128_load(o + j), wasm_v128_load(z + j));
    Wide high = multiply_wide(wasm_v128_load(o + j + 4), wasm_v128_load(z + j + 4));
    v128_t eight = wasm_i16x8_narrow_i32x4(round_wide(low, 31 - shift), round_wide(high, 31 - shift));
    wasm_v128_store(h + j, eight);
  }
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
