/* A model's weights in integers: docs/exact-sampling.md, section 2.
 *
 * Each number is rounded once, in float64, whose operations are the same everywhere. */
#include "image.h"

#define ACTIVATION 11 /* the shift of the activations, at most */
#define WEIGHT 14     /* the shift of a matrix, at most */
#define GATE 12       /* the gates' arguments have this shift, so no sum of a layer may have less */
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
static uint32_t bounds[MOST_HIDDEN]; /* the embedding's largest integer in each column */

static double size_of(double v) { return __builtin_fabs(v); }

/* To the nearest integer, halves to even. */
static double nearest(double v) { return __builtin_rint(v); }

static double larger(double a, double b) { return a > b ? a : b; }

static uint32_t row_count(const Image *image, uint32_t layer) {
  if (layer == image->layers) return image->symbols;
  return (image->cell == RNN ? 1 : 4) * image->hidden;
}

/* Tensors, in this order: the embedding; weight_ih, weight_hh, bias_ih, bias_hh of each layer; the
 * head's weight and bias. The head is the matrix after the last layer's. */
static Row find_row(const Image *image, const float *const *tensors, uint32_t layer, uint32_t row) {
  uint32_t hidden = image->hidden;
  const float *const *own = tensors + 1 + 4 * layer;
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
  double largest = 0;
  for (uint32_t i = 0; values && i < count; i++) largest = larger(largest, size_of(values[i]));
  return largest;
}

/* The factor of a row: the least integer with which every q has 8 bits. */
static double factor_of(const Image *image, const Row *row, double unit) {
  double largest = larger(largest_of(row->x, image->hidden), largest_of(row->h, image->hidden));
  return larger(1, __builtin_ceil(largest * unit / 127));
}

/* The most that the sum of a row can be, for any state. */
static double bound_row(const Image *image, const Row *row, uint32_t layer, double unit) {
  uint32_t hidden = image->hidden, one = 1u << image->activation;
  uint32_t added = image->residual ? layer * one : 0;
  int of_state = layer && !image->residual; /* x is the h of the layer below */
  double factor = factor_of(image, row, unit), scale = unit / factor, sum = 0;
  for (uint32_t j = 0; row->x && j < hidden; j++)
    sum += size_of(nearest(row->x[j] * scale)) * (of_state ? one : bounds[j] + added);
  for (uint32_t j = 0; row->h && j < hidden; j++)
    sum += size_of(nearest(row->h[j] * scale)) * one;
  return sum * factor + size_of(nearest(row->bias * unit * one));
}

/* The largest shift with which no sum of a matrix can leave 32 bits, from `lowest` on; -1 if there
 * is none, and then `reached` is what a sum at the lowest can be. */
static int32_t find_shift(const Image *image, const float *const *tensors, uint32_t layer,
                          int32_t lowest, double *reached) {
  uint32_t rows = row_count(image, layer);
  for (int32_t shift = WEIGHT; shift >= lowest; shift--) {
    *reached = 0;
    for (uint32_t r = 0; r < rows && (*reached <= LIMIT32 || shift == lowest); r++) {
      Row row = find_row(image, tensors, layer, r);
      *reached = larger(*reached, bound_row(image, &row, layer, 1 << shift));
    }
    if (*reached <= LIMIT32) return shift;
  }
  *reached /= 1 << (lowest + image->activation);
  return -1;
}

/* The integers of a matrix, in the order that products.h reads them in. */
static void write_matrix(const Image *image, const float *const *tensors, uint32_t layer) {
  const Matrix *matrix = image->matrix + layer;
  uint32_t hidden = image->hidden, rows = row_count(image, layer);
  uint16_t *words = (uint16_t *)part_of(image, matrix->weights);
  int32_t *factors = (int32_t *)part_of(image, matrix->factors);
  int32_t *bias = bias_of(image, matrix);
  double unit = 1 << matrix->shift, one = 1 << image->activation;
  for (uint32_t i = 0; i < matrix->rows * matrix->columns / 2; i++) words[i] = 128;
  for (uint32_t r = 0; r < matrix->rows; r++) factors[r] = bias[r] = 0;
  for (uint32_t r = 0; r < rows; r++) {
    Row row = find_row(image, tensors, layer, r);
    double factor = factor_of(image, &row, unit), scale = unit / factor;
    uint32_t high = r % 8 / 4;
    /* byte 0 of a word is the low row's q + 128, byte 1 the high row's q */
    uint8_t *at = (uint8_t *)words + r / 8 * 8 * matrix->columns + r % 4 * 16 + high;
    for (int of_h = 0; of_h < 2; of_h++) {
      const float *values = of_h ? row.h : row.x;
      for (uint32_t j = 0; values && j < hidden; j++) {
        uint32_t column = j + of_h * pad(hidden);
        int32_t q = (int32_t)nearest(values[j] * scale);
        at[column / 8 * 64 + column % 8 * 2] = (uint8_t)(high ? q : q + 128);
      }
    }
    factors[r] = (int32_t)factor;
    bias[r] = (int32_t)nearest(row.bias * unit * one);
  }
}

/* Where everything lies; `matrix` is the image's, or scratch while only the size is wanted. */
static uint32_t lay_out(Image *image, Matrix *matrix, int scratch) {
  uint32_t hidden = image->hidden, width = pad(hidden);
  uint64_t at = pad(sizeof(Image) + (image->layers + 1) * sizeof(Matrix));
  image->embedding = (uint32_t)at;
  at += 2 * (uint64_t)width * image->symbols;
  for (uint32_t l = 0; l <= image->layers; l++) {
    Matrix *own = scratch ? matrix : matrix + l;
    own->rows = (row_count(image, l) + 7) & ~7u;
    own->columns = l < image->layers ? 2 * width : width;
    own->weights = (uint32_t)at, at += (uint64_t)own->rows * own->columns;
    own->factors = (uint32_t)at, at += pad(4 * own->rows);
    own->bias = (uint32_t)at, at += pad(4 * own->rows);
    if (at >> 30) return 0;
  }
  return (uint32_t)at;
}

static Image describe(uint32_t cell, uint32_t layers, uint32_t hidden, uint32_t symbols,
                      uint32_t residual) {
  return (Image){.magic = MAGIC, .version = VERSION, .cell = cell, .layers = layers,
                 .hidden = hidden, .symbols = symbols, .residual = residual};
}

/* Bytes of the image of such a model; 0 if it is too large. */
uint32_t EXPORT(image_size)(uint32_t cell, uint32_t layers, uint32_t hidden, uint32_t symbols,
                            uint32_t residual) {
  Image image = describe(cell, layers, hidden, symbols, residual);
  Matrix scratch;
  return lay_out(&image, &scratch, 1);
}

static const Fault *report(uint32_t kind, uint32_t where, double value) {
  fault.kind = kind, fault.where = where, fault.value = value;
  return &fault;
}

/* Makes an image, of image_size() bytes, from a model's tensors (float32). Gives 0, or what is
 * wrong with them. */
const Fault *EXPORT(pack)(Image *image, uint32_t cell, uint32_t layers, uint32_t hidden,
                          uint32_t symbols, uint32_t residual, const float *const *tensors) {
  *image = describe(cell, layers, hidden, symbols, residual);
  image->size = lay_out(image, image->matrix, 0);
  uint32_t gates = cell == LSTM ? 4 : cell == GRU ? 3 : 1;
  for (uint32_t t = 0; t < 4 * layers + 3; t++) {
    uint32_t in_layer = (t + 3) % 4, own = t && t <= 4 * layers, count;
    if (own) count = gates * hidden * (in_layer < 2 ? hidden : 1);
    else count = symbols * (t == 4 * layers + 2 ? 1 : hidden);
    for (uint32_t i = 0; i < count; i++)
      if (!(size_of(tensors[t][i]) < __builtin_inf())) return report(NOT_FINITE, t, 0);
  }
  uint32_t additions = residual ? layers : 0;
  double largest = largest_of(tensors[0], symbols * hidden);
  int32_t shift = ACTIVATION; /* no activation of any state is above this: |h| ≤ 1 always */
  while (shift >= 0 && nearest(largest * (1 << shift)) + (additions << shift) > LIMIT16) shift--;
  if (shift < 0) return report(ACTIVATION_TOO_LARGE, 0, largest + additions);
  image->activation = (uint32_t)shift;
  for (uint32_t j = 0; j < hidden; j++) bounds[j] = 0;
  for (uint32_t s = 0; s < symbols; s++) {
    int16_t *row = embedding_of(image, s);
    for (uint32_t j = 0; j < pad(hidden); j++) {
      double value = j < hidden ? nearest(tensors[0][s * hidden + j] * (double)(1 << shift)) : 0;
      row[j] = (int16_t)value;
      if (j < hidden && size_of(value) > bounds[j]) bounds[j] = (uint32_t)size_of(value);
    }
  }
  for (uint32_t l = 0; l <= layers; l++) {
    double reached;
    int32_t lowest = l < layers && shift < GATE ? GATE - shift : 0;
    int32_t found = find_shift(image, tensors, l, lowest, &reached);
    if (found < 0) return report(SUM_TOO_LARGE, l, reached);
    image->matrix[l].shift = (uint32_t)found;
    write_matrix(image, tensors, l);
  }
  return 0;
}
