/* Sampling from a character model in integers: the arithmetic of docs/exact-sampling.md.
 *
 * Freestanding C for WebAssembly with 128-bit SIMD. The host puts an image (a model in integers,
 * which pack() makes of its weights) and streams into the memory from heap() on, calls prepare(),
 * start() once for each stream, and run() as often as it likes. Nothing here allocates, and nothing
 * depends on how many streams run together. Right shifts of negative numbers are arithmetic, as in
 * clang.
 */
#include "cells.h"
#include "draw.h"
#include "image.h"
#include "products.h"

/* Bytes at most of the first layer's table: what its matrix gives for each symbol's x. */
#define TABLE_LIMIT (1 << 22)

extern unsigned char __heap_base;

static uint32_t table_size(const Image *image) {
  uint64_t size = 4 * (uint64_t)image->symbols * image->matrix[0].rows;
  return size <= TABLE_LIMIT ? (uint32_t)size : 0;
}

static int32_t *table_of(const Image *image, uint32_t symbol) {
  return (int32_t *)part_of(image, image->size) + symbol * image->matrix[0].rows;
}

static uint32_t most_rows(const Image *image) {
  uint32_t rows = head_of(image)->rows;
  return image->matrix[0].rows > rows ? image->matrix[0].rows : rows;
}

/* The first address that the host may use; a multiple of 16. */
uint32_t EXPORT(heap)(void) { return pad((uint32_t)&__heap_base); }

/* How many bytes an image takes together with its table; a multiple of 16. Traps if there is no
 * image of this version. */
uint32_t EXPORT(room)(const Image *image) {
  if (image->magic != MAGIC || image->version != VERSION) __builtin_trap();
  return image->size + table_size(image);
}

/* Fills the table of an image, which has room() bytes, and the kernel's own. */
void EXPORT(prepare)(const Image *image) {
  const Matrix *matrix = image->matrix;
  prepare_segments();
  if (!table_size(image)) return;
  for (uint32_t symbol = 0; symbol < image->symbols; symbol += BATCH) {
    uint32_t left = image->symbols - symbol;
    Vectors v = {.count = left < BATCH ? left : BATCH};
    for (uint32_t s = 0; s < v.count; s++) {
      v.x[s] = embedding_of(image, symbol + s);
      v.base[s] = bias_of(image, matrix);
      v.out[s] = table_of(image, symbol + s);
    }
    multiply(image, matrix, 0, pad(image->hidden), &v);
  }
}

/* How many bytes a stream takes; a multiple of 16. */
uint32_t EXPORT(stream_size)(const Image *image) {
  return pad(sizeof(Stream)) + 4 * (image->layers + 1) * pad(image->hidden) +
         4 * image->layers * pad(image->hidden) + 2 * 4 * most_rows(image) +
         pad(4 * image->symbols) + pad(8 * image->symbols) +
         32; /* the cells read and write whole vectors */
}

/* A stream's beginning. `prompt` is at least one symbol; `output` has room for `length`. */
void EXPORT(start)(const Image *image, Stream *stream, const uint16_t *prompt,
                   uint32_t prompt_size, uint16_t *output, uint32_t length, uint64_t seed,
                   uint32_t temperature, uint32_t top_k, uint32_t top_p, uint32_t min_p) {
  __builtin_memset(stream, 0, stream_size(image));
  char *at = (char *)stream + pad(sizeof(Stream));
  stream->inputs = (int16_t *)at, at += 4 * (image->layers + 1) * pad(image->hidden);
  stream->cells = (int32_t *)at, at += 4 * image->layers * pad(image->hidden);
  stream->weights = (uint32_t *)at, at += pad(4 * image->symbols);
  stream->keys = (uint64_t *)at, at += pad(8 * image->symbols);
  stream->sums = (int32_t *)at, at += 4 * most_rows(image);
  stream->gates = (int32_t *)at;
  stream->prompt = prompt, stream->prompt_size = prompt_size;
  stream->output = output, stream->length = length;
  stream->temperature = temperature;
  stream->top_k = top_k, stream->top_p = top_p, stream->min_p = min_p;
  seed_random(stream, seed, 54);
}

/* start() of n streams in one call, since of some hosts each call takes long. */
typedef struct {
  uint64_t seed;
  Stream *stream;
  const uint16_t *prompt;
  uint32_t prompt_size;
  uint16_t *output;
  uint32_t length, temperature, top_k, top_p, min_p;
} Request; /* 48 bytes */

void EXPORT(start_all)(const Image *image, const Request *requests, uint32_t n) {
  for (const Request *r = requests; r < requests + n; r++)
    start(image, r->stream, r->prompt, r->prompt_size, r->output, r->length, r->seed,
          r->temperature, r->top_k, r->top_p, r->min_p);
}

/* How many symbols a stream has drawn. */
uint32_t EXPORT(drawn)(const Stream *stream) { return stream->drawn; }

/* From a layer's sums: its new h, and the next layer's x. */
static void update(const Image *image, Stream *stream, uint32_t layer) {
  uint32_t hidden = image->hidden, width = pad(hidden), shift = image->activation;
  uint32_t drop = image->matrix[layer].shift + shift - 12;
  int32_t *z = stream->sums, *a = stream->gates, *c = stream->cells + layer * width;
  int16_t *x = stream->inputs + 2 * layer * width, *h = x + width, *next = h + width;
  switch (image->cell) {
    case LSTM: lstm(z, hidden, drop, shift, a, c, h); break;
    case GRU: gru(z, hidden, drop, shift, a, c, h); break;
    default: rnn(z, hidden, drop, shift, a, h);
  }
  v128_t residual = wasm_i16x8_splat(image->residual ? -1 : 0);
  for (uint32_t j = 0; j < hidden; j += 8) {
    v128_t added = wasm_v128_and(wasm_v128_load(x + j), residual);
    wasm_v128_store(next + j, wasm_i16x8_add(added, wasm_v128_load(h + j)));
  }
}

/* One symbol into each stream, through all layers. */
static void read_symbols(const Image *image, Stream *const *streams, const uint32_t *symbols,
                         uint32_t n) {
  uint32_t width = pad(image->hidden);
  Vectors v = {.count = n};
  for (uint32_t s = 0; s < n; s++)
    __builtin_memcpy(streams[s]->inputs, embedding_of(image, symbols[s]), 2 * image->hidden);
  for (uint32_t l = 0; l < image->layers; l++) {
    const Matrix *matrix = image->matrix + l;
    int tabled = !l && table_size(image);
    for (uint32_t s = 0; s < n; s++) {
      v.x[s] = streams[s]->inputs + 2 * l * width, v.out[s] = streams[s]->sums;
      v.base[s] = tabled ? table_of(image, symbols[s]) : bias_of(image, matrix);
    }
    multiply(image, matrix, tabled ? width : 0, 2 * width, &v);
    for (uint32_t s = 0; s < n; s++) update(image, streams[s], l);
  }
}

/* The logits of some streams, into their sums. */
static void score(const Image *image, Stream *const *streams, uint32_t n) {
  const Matrix *head = head_of(image);
  uint32_t width = pad(image->hidden);
  Vectors v = {.count = n};
  for (uint32_t s = 0; s < n; s++) {
    v.x[s] = streams[s]->inputs + 2 * image->layers * width;
    v.base[s] = bias_of(image, head), v.out[s] = streams[s]->sums;
  }
  multiply(image, head, 0, width, &v);
}

/* `steps` steps of n streams (n ≤ 8), or fewer where a stream reaches its length: each reads one
 * symbol, and draws one if its prompt is over. */
void EXPORT(run)(const Image *image, Stream *const *streams, uint32_t n, uint32_t steps) {
  Stream *active[BATCH], *drawing[BATCH];
  uint32_t symbols[BATCH];
  if (n > BATCH) __builtin_trap();
  while (steps-- > 0) {
    uint32_t count = 0, ready = 0;
    for (uint32_t s = 0; s < n; s++) {
      Stream *stream = streams[s];
      if (stream->drawn == stream->length) continue;
      uint32_t fed = stream->fed++, last = stream->prompt_size - 1;
      symbols[count] = fed <= last ? stream->prompt[fed] : stream->output[stream->drawn - 1];
      active[count++] = stream;
      if (fed >= last) drawing[ready++] = stream;
    }
    if (!count) return;
    read_symbols(image, active, symbols, count);
    score(image, drawing, ready);
    for (uint32_t s = 0; s < ready; s++)
      drawing[s]->output[drawing[s]->drawn++] = (uint16_t)choose(image, drawing[s]);
  }
}

/* Reads a symbol without drawing one. Gives the address of the logits of the next (int32), at the
 * head's shift and that of the activations together. */
const int32_t *EXPORT(feed)(const Image *image, Stream *stream, uint32_t symbol) {
  read_symbols(image, &stream, &symbol, 1);
  score(image, &stream, 1);
  return stream->sums;
}

/* The weights of the next symbol at temperature 1, after feed(): (symbols) uint32. */
const uint32_t *EXPORT(weights)(const Image *image, Stream *stream) {
  weigh(image, stream, 1000);
  return stream->weights;
}
