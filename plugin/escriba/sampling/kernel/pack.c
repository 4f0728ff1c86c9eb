/* A model's weights in integers: docs/exact-sampling.md, section 2.
 *
 * Each number is rounded once, in float64, whose operations are the same everywhere. The image is
 * made part by part, so that no more than a part of the weights needs to be in the memory. */
#include "image.h"

#define ACTIVATION 11 /* the shift of the activations, at most */
#define WEIGHT 14     /* the shift of a matrix, at most */
#define GATE 12       /* the gates' arguments have this shift, so no sum of a layer may have less */
#define NONE (~0u)
#define LIMIT16 32767
#define LIMIT32 (2147483647.0 - 4096) /* room for the half that rounding to GATE adds */

enum { FINE, NOT_FINITE, ACTIVATION_TOO_LARGE, SUM_TOO_LARGE };

typedef struct {
  uint32_t kind, where; /* where: the tensor, or the matrix */
  double value;
} Fault;

/* A row of a matrix over [x; h], as far as it is not zero, and its bias. */
typedef struct {
  const float *x, *h;
  double bias;
} Row;

static Fault fault;
static int16_t bounds[2 * MOST_HIDDEN]; /* of each column: the largest integer of its activation */

/* To the nearest integer, halves to even. */
static double nearest(double v) { return __builtin_rint(v); }

static double larger(double a, double b) { return a > b ? a : b; }

/* Up to eight numbers, the rest zeros. Of no row at all all are. */
static void load_eight(const float *values, uint32_t count, v128_t *low, v128_t *high) {
  float whole[8] = {0};
  if (values && count < 8) {
    for (uint32_t i = 0; i < count; i++) whole[i] = values[i];
    values = whole;
  }
  *low = values ? wasm_v128_load(values) : wasm_f32x4_splat(0);
  *high = values ? wasm_v128_load(values + 4) : wasm_f32x4_splat(0);
}

/* Two of four numbers (the first, or the last two), times a scale, to the nearest integers: in the
 * low words of the sums with 1.5 · 2^52, above which float64 has whole numbers alone. */
static v128_t scale_two(v128_t values, int last, v128_t scale) {
  if (last) values = wasm_i32x4_shuffle(values, values, 2, 3, 2, 3);
  v128_t scaled = wasm_f64x2_mul(wasm_f64x2_promote_low_f32x4(values), scale);
  return wasm_f64x2_add(scaled, wasm_f64x2_splat(0x1.8p52));
}

static uint32_t row_count(const Image *image, uint32_t layer) {
  if (layer == image->layers) return image->symbols;
  return (image->cell == RNN ? 1 : 4) * image->hidden;
}

/* Tensors of a layer: weight_ih, weight_hh, bias_ih, bias_hh. The head, with weight and bias, is the
 * matrix after the last layer's. */
static Row find_row(const Image *image, const float *const *own, uint32_t layer, uint32_t row) {
  uint32_t hidden = image->hidden;
  if (layer == image->layers) return (Row){own[0] + row * hidden, 0, own[1][row]};
  if (image->cell == GRU && row >= 2 * hidden) { /* of n, the input's part and the state's */
    if (row < 3 * hidden) return (Row){own[0] + row * hidden, 0, own[2][row]};
    row -= hidden;
    return (Row){0, own[1] + row * hidden, own[3][row]};
  }
  double bias = (double)own[2][row] + (double)own[3][row];
  return (Row){own[0] + row * hidden, own[1] + row * hidden, bias};
}

static double largest_of(const float *values, uint32_t count) {
  v128_t most = wasm_f32x4_splat(0), low, high;
  for (uint32_t i = 0; values && i < count; i += 8) {
    load_eight(values + i, count - i, &low, &high);
    most = wasm_f32x4_pmax(most, wasm_f32x4_pmax(wasm_f32x4_abs(low), wasm_f32x4_abs(high)));
  }
  most = wasm_f32x4_pmax(most, wasm_i32x4_shuffle(most, most, 2, 3, 0, 1));
  return larger(wasm_f32x4_extract_lane(most, 0), wasm_f32x4_extract_lane(most, 1));
}

/* The factor of a row: the least integer with which every q has 8 bits. */
static double factor_of(const Image *image, const Row *row, double unit) {
  double largest = larger(largest_of(row->x, image->hidden), largest_of(row->h, image->hidden));
  return larger(1, __builtin_ceil(largest * unit / 127));
}

/* q of eight numbers of a row, as int16. */
static v128_t round_eight(const float *values, uint32_t count, v128_t scale) {
  v128_t low, high;
  load_eight(values, count, &low, &high);
  v128_t a = scale_two(low, 0, scale), b = scale_two(low, 1, scale);
  v128_t c = scale_two(high, 0, scale), d = scale_two(high, 1, scale);
  return wasm_i16x8_narrow_i32x4(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6),
                                 wasm_i32x4_shuffle(c, d, 0, 2, 4, 6));
}

/* sum + |q| · bound of eight columns, as two int64. */
static v128_t add_bound(v128_t sum, v128_t q, v128_t bound) {
  v128_t part = wasm_i32x4_dot_i16x8(wasm_i16x8_abs(q), bound);
  sum = wasm_i64x2_add(sum, wasm_i64x2_extend_low_i32x4(part));
  return wasm_i64x2_add(sum, wasm_i64x2_extend_high_i32x4(part));
}

/* Writes eight rows of a matrix at its shift, in the order that products.h reads them in. Gives the
 * most that the sum of one can be, for any state. */
static double write_rows(const Image *image, const float *const *tensors, uint32_t layer,
                         uint32_t first) {
  const Matrix *matrix = image->matrix + layer;
  uint32_t hidden = image->hidden, width = pad(hidden), rows = row_count(image, layer);
  int16_t *words = (int16_t *)part_of(image, matrix->weights) + first / 2 * matrix->columns;
  int32_t *factors = (int32_t *)part_of(image, matrix->factors), *bias = bias_of(image, matrix);
  double unit = 1 << matrix->shift, one = 1 << image->activation, reached = 0;
  double factor[8], offset[8];
  Row row[8];
  v128_t scale[8], sum[8];
  for (uint32_t r = 0; r < 8; r++) {
    int there = first + r < rows;
    row[r] = there ? find_row(image, tensors, layer, first + r) : (Row){0, 0, 0};
    factor[r] = factor_of(image, &row[r], unit);
    offset[r] = nearest(row[r].bias * unit * one);
    scale[r] = wasm_f64x2_splat(unit / factor[r]);
    sum[r] = wasm_i64x2_splat(0);
    factors[first + r] = there ? (int32_t)factor[r] : 0;
    bias[first + r] = (int32_t)offset[r];
  }
  for (uint32_t column = 0; column < matrix->columns; column += 8) {
    int of_h = column >= width;
    uint32_t j = column - of_h * width;
    int any = j < hidden; /* else these are the zeros after x, or after h */
    v128_t bound = wasm_v128_load(bounds + column);
    for (uint32_t k = 0; k < 4; k++, words += 8) { /* rows k and k + 4 share words */
      const float *low = of_h ? row[k].h : row[k].x, *high = of_h ? row[k + 4].h : row[k + 4].x;
      v128_t a = round_eight(any && low ? low + j : 0, hidden - j, scale[k]);
      v128_t b = round_eight(any && high ? high + j : 0, hidden - j, scale[k + 4]);
      sum[k] = add_bound(sum[k], a, bound), sum[k + 4] = add_bound(sum[k + 4], b, bound);
      a = wasm_i16x8_add(a, wasm_i16x8_splat(128));
      wasm_v128_store(words, wasm_i16x8_add(a, wasm_i16x8_shl(b, 8)));
    }
  }
  for (uint32_t r = 0; r < 8; r++) {
    double all = (double)(wasm_i64x2_extract_lane(sum[r], 0) + wasm_i64x2_extract_lane(sum[r], 1));
    reached = larger(reached, all * factor[r] + __builtin_fabs(offset[r]));
  }
  return reached;
}

/* Writes a matrix at the largest shift with which no sum can leave 32 bits, from `lowest` on. Gives
 * 0 if there is none, and then `reached` is what a sum at the lowest can be. */
static int write_matrix(const Image *image, const float *const *tensors, uint32_t layer,
                        uint32_t lowest, double *reached) {
  Matrix *matrix = (Matrix *)image->matrix + layer;
  for (matrix->shift = WEIGHT;; matrix->shift--) {
    *reached = 0;
    for (uint32_t first = 0; first < matrix->rows; first += 8) {
      *reached = larger(*reached, write_rows(image, tensors, layer, first));
      if (*reached > LIMIT32 && matrix->shift > lowest) break;
    }
    if (*reached <= LIMIT32) return 1;
    if (matrix->shift == lowest) break;
  }
  *reached /= (double)(1 << (lowest + image->activation));
  return 0;
}

/* Writes the header of an image, with where everything lies in it: 48 bytes, and 24 for each layer
 * and the head. Gives the bytes of the whole, or 0 if it is too large. */
uint32_t EXPORT(lay_out)(Image *image, uint32_t cell, uint32_t layers, uint32_t hidden,
                         uint32_t symbols, uint32_t residual) {
  uint32_t width = pad(hidden);
  uint64_t at = pad(sizeof(Image) + (layers + 1) * sizeof(Matrix));
  *image = (Image){.magic = MAGIC, .version = VERSION, .cell = cell, .layers = layers,
                   .hidden = hidden, .symbols = symbols, .residual = residual};
  image->embedding = (uint32_t)at;
  at += 2 * (uint64_t)width * symbols;
  for (uint32_t l = 0; l <= layers; l++) {
    Matrix *own = image->matrix + l;
    own->rows = (row_count(image, l) + 7) & ~7u;
    own->columns = l < layers ? 2 * width : width;
    own->weights = (uint32_t)at, at += (uint64_t)own->rows * own->columns;
    own->factors = (uint32_t)at, at += pad(4 * own->rows);
    own->bias = (uint32_t)at, at += pad(4 * own->rows);
    if (at >> 30) return 0;
  }
  return image->size = (uint32_t)at;
}

static int all_finite(const float *values, uint32_t count) {
  v128_t endless = wasm_f32x4_splat(__builtin_inff()), low, high;
  for (uint32_t i = 0; i < count; i += 8) {
    load_eight(values + i, count - i, &low, &high);
    v128_t fine = wasm_v128_and(wasm_f32x4_lt(wasm_f32x4_abs(low), endless),
                                wasm_f32x4_lt(wasm_f32x4_abs(high), endless));
    if (!wasm_i32x4_all_true(fine)) return 0;
  }
  return 1;
}

static const Fault *report(uint32_t kind, uint32_t where, double value) {
  fault.kind = kind, fault.where = where, fault.value = value;
  return &fault;
}

/* The tensors of a layer, or of the head, have no number that is not finite; else which one has. */
static uint32_t find_endless(const Image *image, const float *const *tensors, uint32_t layer) {
  uint32_t gates = image->cell == LSTM ? 4 : image->cell == GRU ? 3 : 1;
  uint32_t head = layer == image->layers, count = head ? 2 : 4, t;
  uint32_t rows = head ? image->symbols : gates * image->hidden;
  for (t = 0; t < count; t++) {
    if (!all_finite(tensors[t], t < count / 2 ? rows * image->hidden : rows)) break;
  }
  return t < count ? t : NONE;
}

/* The embedding, which decides the shift of the activations. */
static const Fault *pack_embedding(Image *image, const float *embedding) {
  uint32_t hidden = image->hidden, symbols = image->symbols, width = pad(hidden);
  if (!all_finite(embedding, symbols * hidden)) return report(NOT_FINITE, 0, 0);
  uint32_t additions = image->residual ? image->layers : 0;
  double largest = largest_of(embedding, symbols * hidden);
  int32_t shift = ACTIVATION; /* no activation of any state is above this: |h| ≤ 1 always */
  while (shift >= 0 && nearest(largest * (1 << shift)) + (additions << shift) > LIMIT16) shift--;
  if (shift < 0) return report(ACTIVATION_TOO_LARGE, 0, largest + additions);
  image->activation = (uint32_t)shift;
  double one = 1 << shift;
  for (uint32_t j = 0; j < width; j++) bounds[j] = 0, bounds[width + j] = (int16_t)one;
  for (uint32_t s = 0; s < symbols; s++) {
    int16_t *row = embedding_of(image, s);
    for (uint32_t j = 0; j < width; j++) {
      double value = j < hidden ? nearest(embedding[s * hidden + j] * one) : 0;
      row[j] = (int16_t)value;
      bounds[j] = (int16_t)larger(bounds[j], __builtin_fabs(value));
    }
  }
  return 0;
}

static const Fault *pack_matrix(Image *image, uint32_t layer, const float *const *tensors) {
  uint32_t shift = image->activation, endless = find_endless(image, tensors, layer);
  if (endless != NONE) return report(NOT_FINITE, endless, 0);
  uint32_t lowest = layer < image->layers && shift < GATE ? GATE - shift : 0;
  double reached, one = 1 << shift;
  if (!write_matrix(image, tensors, layer, lowest, &reached))
    return report(SUM_TOO_LARGE, layer, reached);
  for (uint32_t j = 0; j < image->hidden; j++) /* the next layer's x */
    bounds[j] = (int16_t)(image->residual ? bounds[j] + one : one);
  return 0;
}

/* Makes a part of an image that is laid out, from tensors of the model (float32): part 0 from the
 * embedding, 1 to `layers` from those of a layer, and the last from the head's; in this order, by
 * one instance. Gives 0, or what is wrong with the tensors. */
const Fault *EXPORT(pack)(Image *image, uint32_t part, const float *const *tensors) {
  return part ? pack_matrix(image, part - 1, tensors) : pack_embedding(image, tensors[0]);
}
