/* The image: a model in integers, as one block that may lie at any multiple of 16. */
#pragma once
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) name
#define MAGIC 0x72637365 /* "escr" */
#define VERSION 2
#define MOST_HIDDEN 8192

enum { RNN, GRU, LSTM };

typedef struct {
  uint32_t weights, factors, bias; /* offsets from the start of the image */
  uint32_t rows;    /* a multiple of 8; rows beyond the true ones are zero */
  uint32_t columns; /* of [x; zeros; h; zeros], each to a multiple of 16; the head's of x alone */
  uint32_t shift;
} Matrix;

typedef struct {
  uint32_t magic, version;
  uint32_t cell, layers, hidden, symbols, residual;
  uint32_t activation; /* the shift of the activations */
  uint32_t embedding;  /* offset of (symbols, pad(hidden)) int16 */
  uint32_t size;       /* bytes of the image */
  uint32_t reserved[2];
  Matrix matrix[]; /* of the layers, then of the head */
} Image;

static inline uint32_t pad(uint32_t size) { return (size + 15) & ~15u; }

static inline const Matrix *head_of(const Image *image) { return image->matrix + image->layers; }

static inline char *part_of(const Image *image, uint32_t offset) { return (char *)image + offset; }

static inline int32_t *bias_of(const Image *image, const Matrix *matrix) {
  return (int32_t *)part_of(image, matrix->bias);
}

static inline int16_t *embedding_of(const Image *image, uint32_t symbol) {
  return (int16_t *)part_of(image, image->embedding) + symbol * pad(image->hidden);
}
