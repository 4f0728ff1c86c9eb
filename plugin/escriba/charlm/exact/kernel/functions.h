/* exp, σ, tanh and ln, of additions, products and divisions alone. */
#include <stdint.h>
#include <wasm_simd128.h>

static inline v128_t load(const float *p) { return wasm_v128_load(p); }
static inline void store(float *p, v128_t v) { wasm_v128_store(p, v); }
static inline v128_t splat(float x) { return wasm_f32x4_splat(x); }
static inline v128_t add(v128_t a, v128_t b) { return wasm_f32x4_add(a, b); }
static inline v128_t sub(v128_t a, v128_t b) { return wasm_f32x4_sub(a, b); }
static inline v128_t mul(v128_t a, v128_t b) { return wasm_f32x4_mul(a, b); }

/* eˣ, x taken to lie in -87 … 87: 2ⁿ·eʳ with |r| ≤ ln 2 / 2, and eʳ by its series to r⁷. */
static inline v128_t exponential(v128_t x) {
  x = wasm_f32x4_pmin(wasm_f32x4_pmax(x, splat(-87.0f)), splat(87.0f));
  v128_t n = wasm_f32x4_nearest(mul(x, splat(1.44269504f)));
  v128_t r = sub(sub(x, mul(n, splat(0.693359375f))), mul(n, splat(-2.12194440e-4f)));
  v128_t p = splat(1.0f / 5040);
  p = add(mul(p, r), splat(1.0f / 720));
  p = add(mul(p, r), splat(1.0f / 120));
  p = add(mul(p, r), splat(1.0f / 24));
  p = add(mul(p, r), splat(1.0f / 6));
  p = add(mul(p, r), splat(0.5f));
  p = add(mul(p, r), splat(1.0f));
  p = add(mul(p, r), splat(1.0f));
  v128_t power = wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(n), wasm_i32x4_splat(127)), 23);
  return mul(p, power);
}

static inline v128_t sigmoid(v128_t x) {
  v128_t one = splat(1.0f);
  return wasm_f32x4_div(one, add(one, exponential(wasm_f32x4_neg(x))));
}

/* tanh x = 2·σ(2x) - 1 */
static inline v128_t tangent(v128_t x) {
  return sub(mul(splat(2.0f), sigmoid(add(x, x))), splat(1.0f));
}

/* ln x of a positive, normal x: x = 2ⁿ·m with m in √½ … √2, and ln m = 2·artanh((m-1)/(m+1)) by
 * its series to the 19th power. */
static double logarithm(double x) {
  union { double x; uint64_t bits; } u = {x};
  int32_t n = (int32_t)(u.bits >> 52) - 1023;
  u.bits = (u.bits & 0xfffffffffffffull) | 0x3ff0000000000000ull;
  double m = u.x;
  if (m > 1.4142135623730951) m *= 0.5, n++;
  double y = (m - 1.0) / (m + 1.0), s = y * y, p = 1.0 / 19;
  for (int k = 17; k > 0; k -= 2) p = p * s + 1.0 / k;
  return (double)n * 0.6931471805599453 + 2.0 * y * p;
}
