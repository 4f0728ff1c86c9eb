/* Products of matrices whose sums run in ascending k. */
#define PANEL 16 /* columns that are computed side by side */
#define BLOCK 256 /* k's at a time, whose panel stays in the cache: no sum depends on it */

static inline uint32_t pad(uint32_t n) { return (n + PANEL - 1) / PANEL * PANEL; }

/* The left side of a product: element k of row m is at rows·m + columns·k, or, of several segments
 * of `length` each, `stride` apart, at rows·m + stride·segment + columns·(k within it). */
typedef struct {
  const float *at;
  uint32_t rows, columns, length, segments, stride;
} Terms;

/* Panels of Bᵀ, of b (gates · units, k's) row by row: columns are units, gate by gate padded. */
static void pack_columns(float *out, const float *b, uint32_t count, uint32_t units,
                         uint32_t gates) {
  uint32_t padded = pad(units);
  for (uint32_t g = 0; g < gates; g++) {
    for (uint32_t first = 0; first < padded; first += PANEL) {
      for (uint32_t k = 0; k < count; k++) {
        for (uint32_t j = first; j < first + PANEL; j++)
          *out++ = j < units ? b[(g * units + j) * count + k] : 0.0f;
      }
    }
  }
}

/* Panels of b (k's, columns), row by row `stride` apart. */
static void pack_rows(float *out, const float *b, uint32_t count, uint32_t columns,
                      uint32_t stride) {
  uint32_t padded = pad(columns);
  for (uint32_t first = 0; first < padded; first += PANEL) {
    for (uint32_t k = 0; k < count; k++) {
      for (uint32_t j = first; j < first + PANEL; j++)
        *out++ = j < columns ? b[k * stride + j] : 0.0f;
    }
  }
}

/* Panels of rows that are padded already. */
static void pack_window(float *out, const float *b, uint32_t count, uint32_t width) {
  for (uint32_t first = 0; first < width; first += PANEL) {
    for (uint32_t k = 0; k < count; k++, out += PANEL)
      __builtin_memcpy(out, b + k * width + first, 4 * PANEL);
  }
}

/* Two rows of a panel, from k on, `count` of them. */
static inline void multiply_tile(float *c, float *d, const float *a, const float *b, uint32_t step,
                                 const float *panel, uint32_t count) {
  v128_t c0 = load(c), c1 = load(c + 4), c2 = load(c + 8), c3 = load(c + 12);
  v128_t d0 = load(d), d1 = load(d + 4), d2 = load(d + 8), d3 = load(d + 12);
  for (uint32_t k = 0; k < count; k++, a += step, b += step, panel += PANEL) {
    v128_t x = wasm_v128_load32_splat(a), y = wasm_v128_load32_splat(b);
    v128_t p0 = load(panel), p1 = load(panel + 4), p2 = load(panel + 8), p3 = load(panel + 12);
    c0 = add(c0, mul(x, p0)), c1 = add(c1, mul(x, p1));
    c2 = add(c2, mul(x, p2)), c3 = add(c3, mul(x, p3));
    d0 = add(d0, mul(y, p0)), d1 = add(d1, mul(y, p1));
    d2 = add(d2, mul(y, p2)), d3 = add(d3, mul(y, p3));
  }
  store(d, d0), store(d + 4, d1), store(d + 8, d2), store(d + 12, d3);
  store(c, c0), store(c + 4, c1), store(c + 8, c2), store(c + 12, c3);
}

/* c (rows, columns) += the product of `left` and packed panels. */
static void multiply(float *c, uint32_t stride, uint32_t rows, uint32_t columns, Terms left,
                     const float *packed) {
  uint32_t total = left.length * left.segments;
  for (uint32_t segment = 0; segment < left.segments; segment++) {
    for (uint32_t from = 0; from < left.length; from += BLOCK) {
      uint32_t count = left.length - from < BLOCK ? left.length - from : BLOCK;
      const float *a = left.at + left.stride * segment + left.columns * from;
      for (uint32_t column = 0; column < columns; column += PANEL) {
        const float *panel = packed + (uint64_t)column * total;
        panel += PANEL * (left.length * segment + from);
        for (uint32_t m = 0; m < rows; m += 2) {
          uint32_t other = m + 1 < rows ? m + 1 : m; /* the last of an odd number, twice */
          multiply_tile(c + m * stride + column, c + other * stride + column, a + left.rows * m,
                        a + left.rows * other, left.columns, panel, count);
        }
      }
    }
  }
}
