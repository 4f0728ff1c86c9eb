/* Sampling from a character model in integers: the arithmetic of docs/exact-sampling.md.
 *
 * Freestanding C for WebAssembly with 128-bit SIMD. The host puts an image (a packed model,
 * see image.py) and the streams into the memory from heap() on, calls start() once for each
 * stream and run() as often as it likes. Nothing here allocates, and nothing depends on how
 * many streams run together. Right shifts of negative numbers are arithmetic, as in clang.
 */
#include <stdint.h>
#include <wasm_simd128.h>
#include "tables.h"

#define EXPORT(name) __attribute__((export_name(#name))) name
#define BATCH 64  /* streams in one run */
#define STATE 20  /* the shift of the cells' state */
#define STATE_LIMIT (1 << 30)
#define FARTHEST ((1 << 28) - 1) /* 4096 nats: at temperature 100 still a weight of 0 */

enum { RNN, GRU, LSTM };

typedef struct {
  uint32_t weights, bias; /* offsets from the start of the image */
  uint32_t rows;          /* a multiple of 4; rows beyond the true ones are zero */
  uint32_t shift;
} Matrix;

typedef struct {
  uint32_t magic, version;
  uint32_t cell, layers, hidden, symbols, residual;
  uint32_t activation;   /* the shift of the activations */
  uint32_t columns;      /* of a layer's rows: [x; h; zeros], a multiple of 16 */
  uint32_t head_columns; /* of the head's rows: [x; zeros], a multiple of 16 */
  uint32_t embedding;    /* offset of (symbols, hidden) int16 */
  uint32_t reserved;
  Matrix head;
  Matrix layer[];
} Image;

typedef struct {
  uint64_t state, increment; /* of the generator */
  uint32_t temperature;      /* thousandths; 0: the likeliest symbol */
  uint32_t top_k;            /* 0: all */
  uint32_t top_p, min_p;     /* millionths; 1000000 and 0: all */
  uint32_t length, drawn;    /* symbols to draw, and drawn */
  uint32_t fed, prompt_size;
  const uint16_t *prompt;
  uint16_t *output;
  int16_t *inputs;  /* (layers, columns): x, h, zeros of each layer */
  int16_t *top;     /* (head_columns): the last layer's output, zeros */
  int32_t *cells;   /* (layers, hidden) */
  int32_t *sums;    /* the result of one matrix */
  uint32_t *weights; /* (symbols) */
  uint64_t *keys;    /* (symbols) */
} Stream;

extern unsigned char __heap_base;

static const int16_t *weights_of(const Image *image, const Matrix *matrix) {
  return (const int16_t *)((const char *)image + matrix->weights);
}

static const int32_t *bias_of(const Image *image, const Matrix *matrix) {
  return (const int32_t *)((const char *)image + matrix->bias);
}

static uint32_t pad(uint32_t size) { return (size + 15) & ~15u; }

static void clear(void *at, uint32_t bytes) { __builtin_memset(at, 0, bytes); }

/* ---- matrix-vector products ---- */

static int32_t add_lanes(v128_t v) {
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1) +
         wasm_i32x4_extract_lane(v, 2) + wasm_i32x4_extract_lane(v, 3);
}

#define DOT(sum, a, b) sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(a, b))

/* Four rows on one vector: the load of the vector is shared. */
static void multiply_one(const int16_t *w, uint32_t columns, const int32_t *bias,
                         const int16_t *x, int32_t *out) {
  v128_t a0 = wasm_i32x4_splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const int16_t *w1 = w + columns, *w2 = w1 + columns, *w3 = w2 + columns;
  for (uint32_t j = 0; j < columns; j += 16) {
    v128_t u = wasm_v128_load(x + j), v = wasm_v128_load(x + j + 8);
    DOT(a0, u, wasm_v128_load(w + j));
    DOT(a1, u, wasm_v128_load(w1 + j));
    DOT(a2, u, wasm_v128_load(w2 + j));
    DOT(a3, u, wasm_v128_load(w3 + j));
    DOT(b0, v, wasm_v128_load(w + j + 8));
    DOT(b1, v, wasm_v128_load(w1 + j + 8));
    DOT(b2, v, wasm_v128_load(w2 + j + 8));
    DOT(b3, v, wasm_v128_load(w3 + j + 8));
  }
  out[0] = bias[0] + add_lanes(wasm_i32x4_add(a0, b0));
  out[1] = bias[1] + add_lanes(wasm_i32x4_add(a1, b1));
  out[2] = bias[2] + add_lanes(wasm_i32x4_add(a2, b2));
  out[3] = bias[3] + add_lanes(wasm_i32x4_add(a3, b3));
}

/* Four rows on two vectors: the loads of the rows are shared too. */
static void multiply_two(const int16_t *w, uint32_t columns, const int32_t *bias,
                         const int16_t *x, const int16_t *y, int32_t *out_x, int32_t *out_y) {
  v128_t a0 = wasm_i32x4_splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const int16_t *w1 = w + columns, *w2 = w1 + columns, *w3 = w2 + columns;
  for (uint32_t j = 0; j < columns; j += 8) {
    v128_t u = wasm_v128_load(x + j), v = wasm_v128_load(y + j), row;
    row = wasm_v128_load(w + j), DOT(a0, u, row), DOT(b0, v, row);
    row = wasm_v128_load(w1 + j), DOT(a1, u, row), DOT(b1, v, row);
    row = wasm_v128_load(w2 + j), DOT(a2, u, row), DOT(b2, v, row);
    row = wasm_v128_load(w3 + j), DOT(a3, u, row), DOT(b3, v, row);
  }
  out_x[0] = bias[0] + add_lanes(a0), out_y[0] = bias[0] + add_lanes(b0);
  out_x[1] = bias[1] + add_lanes(a1), out_y[1] = bias[1] + add_lanes(b1);
  out_x[2] = bias[2] + add_lanes(a2), out_y[2] = bias[2] + add_lanes(b2);
  out_x[3] = bias[3] + add_lanes(a3), out_y[3] = bias[3] + add_lanes(b3);
}

/* sums = matrix · x + bias, of n streams; each row is read from memory once. */
static void multiply(const Image *image, const Matrix *matrix, uint32_t columns,
                     Stream *const *streams, const int16_t *const *x, uint32_t n) {
  const int16_t *w = weights_of(image, matrix);
  const int32_t *bias = bias_of(image, matrix);
  for (uint32_t r = 0; r < matrix->rows; r += 4, w += 4 * columns) {
    uint32_t s = 0;
    for (; s + 2 <= n; s += 2)
      multiply_two(w, columns, bias + r, x[s], x[s + 1], streams[s]->sums + r,
                   streams[s + 1]->sums + r);
    if (s < n) multiply_one(w, columns, bias + r, x[s], streams[s]->sums + r);
  }
}

/* ---- cells ---- */

/* v / 2^shift, halves upwards. */
static int64_t round_shift(int64_t v, uint32_t shift) {
  return shift ? (v + ((int64_t)1 << (shift - 1))) >> shift : v;
}

/* tanh(u / 2^13) · 2^15 */
static int32_t tanh13(int64_t u) {
  int32_t size = u < -65536 || u > 65536 ? 65536 : (int32_t)(u < 0 ? -u : u);
  if (size == 65536) return u < 0 ? -32768 : 32768;
  int32_t low = TANH[size >> 7], step = TANH[(size >> 7) + 1] - low;
  int32_t value = low + ((step * (size & 127) + 64) >> 7);
  return u < 0 ? -value : value;
}

/* σ(z / 2^12) · 2^16 = (1 + tanh(z / 2^13)) / 2 · 2^16 */
static int64_t sigma(int64_t z) { return 32768 + tanh13(z); }

static int32_t saturate(int64_t v) {
  return (int32_t)(v < -STATE_LIMIT ? -STATE_LIMIT : v > STATE_LIMIT ? STATE_LIMIT : v);
}

/* The new h of unit j, at the shift of the activations. z are the gates' arguments' sums. */
static int16_t lstm(const int32_t *z, uint32_t hidden, uint32_t drop, uint32_t shift, int32_t *c) {
  int64_t i = sigma(round_shift(z[0], drop));
  int64_t f = sigma(round_shift(z[hidden], drop));
  int64_t g = tanh13(2 * round_shift(z[2 * hidden], drop));
  int64_t o = sigma(round_shift(z[3 * hidden], drop));
  *c = saturate(round_shift(f * *c + i * g * (1 << (STATE - 15)), 16));
  return (int16_t)round_shift(o * tanh13(round_shift(*c, STATE - 13)), 31 - shift);
}

static int16_t gru(const int32_t *z, uint32_t hidden, uint32_t drop, uint32_t shift, int32_t *c) {
  int64_t r = sigma(round_shift(z[0], drop));
  int64_t keep = sigma(round_shift(z[hidden], drop));
  int64_t input = round_shift(z[2 * hidden], drop), state = round_shift(z[3 * hidden], drop);
  int64_t n = tanh13(2 * (input + round_shift(r * state, 16)));
  *c = (int32_t)round_shift(keep * *c + (65536 - keep) * n * (1 << (STATE - 15)), 16);
  return (int16_t)round_shift(*c, STATE - shift);
}

static int16_t rnn(const int32_t *z, uint32_t drop, uint32_t shift) {
  return (int16_t)round_shift(tanh13(2 * round_shift(z[0], drop)), 15 - shift);
}

/* From a layer's sums: its new h, and the next layer's x. */
static void update(const Image *image, Stream *stream, uint32_t layer) {
  uint32_t hidden = image->hidden, shift = image->activation;
  uint32_t drop = image->layer[layer].shift + shift - 12;
  const int32_t *z = stream->sums;
  int32_t *c = stream->cells + layer * hidden;
  int16_t *x = stream->inputs + layer * image->columns, *h = x + hidden;
  int16_t *next = layer + 1 < image->layers ? x + image->columns : stream->top;
  for (uint32_t j = 0; j < hidden; j++) {
    h[j] = image->cell == LSTM  ? lstm(z + j, hidden, drop, shift, c + j)
           : image->cell == GRU ? gru(z + j, hidden, drop, shift, c + j)
                                : rnn(z + j, drop, shift);
    next[j] = image->residual ? x[j] + h[j] : h[j];
  }
}

/* ---- the generator: PCG32 (XSH RR 64/32), M. E. O'Neill, pcg-random.org ---- */

static uint32_t next_random(Stream *stream) {
  uint64_t old = stream->state;
  stream->state = old * 6364136223846793005u + stream->increment;
  uint32_t mixed = (uint32_t)(((old >> 18) ^ old) >> 27), turn = (uint32_t)(old >> 59);
  return mixed >> turn | mixed << (-turn & 31);
}

static void seed_random(Stream *stream, uint64_t seed, uint64_t sequence) {
  stream->state = 0;
  stream->increment = sequence << 1 | 1;
  next_random(stream);
  stream->state += seed;
  next_random(stream);
}

/* ---- choosing a symbol ---- */

/* exp(-difference / temperature) · 2^30 of every symbol; the largest is 2^30. */
static void weigh(const Image *image, Stream *stream, int32_t largest) {
  uint64_t factor = 24204406u * (uint64_t)1000 / stream->temperature; /* log2(e) · 2^24 / t */
  uint32_t shift = image->head.shift + image->activation;
  for (uint32_t i = 0; i < image->symbols; i++) {
    uint64_t d = (uint64_t)((int64_t)largest - stream->sums[i]);
    d = shift > 16 ? (uint64_t)round_shift((int64_t)d, shift - 16) : d << (16 - shift);
    if (d > FARTHEST) d = FARTHEST;
    uint64_t e = d * factor >> 24, whole = e >> 16;
    uint32_t at = (uint32_t)(e & 65535) >> 6, rest = (uint32_t)e & 63;
    uint32_t weight = POWER[at] - ((POWER[at] - POWER[at + 1]) * rest >> 6);
    stream->weights[i] = whole > 30 ? 0 : weight >> whole;
  }
}

static void sift(uint64_t *heap, uint32_t size, uint32_t at) {
  uint64_t key = heap[at];
  for (uint32_t child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && heap[child + 1] > heap[child]) child++;
    if (heap[child] <= key) break;
    heap[at] = heap[child];
  }
  heap[at] = key;
}

/* A symbol's rank: the heavier first, of equals the lower index. */
static uint64_t key_of(const Stream *stream, uint32_t symbol) {
  return (uint64_t)stream->weights[symbol] << 16 | (65535 - symbol);
}

/* The key of the last symbol that top-k and top-p keep. */
static uint64_t find_last(Stream *stream, uint32_t symbols) {
  uint64_t *heap = stream->keys;
  uint32_t kept = stream->top_k && stream->top_k < symbols ? stream->top_k : symbols;
  uint64_t total = 0, sum = 0;
  for (uint32_t i = 0; i < symbols; i++) heap[i] = key_of(stream, i);
  for (uint32_t i = symbols / 2; i-- > 0;) sift(heap, symbols, i);
  for (uint32_t i = 0; i < kept; i++) { /* the keys in order, from the end of the heap */
    uint32_t end = symbols - 1 - i;
    uint64_t key = heap[0];
    heap[0] = heap[end];
    heap[end] = key;
    sift(heap, end, 0);
    total += key >> 16;
  }
  /* the least sum with sum · 10^6 ≥ top_p · total, in steps that cannot overflow */
  uint64_t need = stream->top_p * (total / 1000000) +
                  (stream->top_p * (total % 1000000) + 999999) / 1000000;
  for (uint32_t i = 0;; i++) {
    uint64_t key = heap[symbols - 1 - i];
    sum += key >> 16;
    if (sum >= need || i + 1 == kept) return key;
  }
}

static uint32_t choose(const Image *image, Stream *stream) {
  uint32_t symbols = image->symbols, best = 0, random = next_random(stream);
  for (uint32_t i = 1; i < symbols; i++)
    if (stream->sums[i] > stream->sums[best]) best = i;
  if (!stream->temperature) return best;
  weigh(image, stream, stream->sums[best]);
  uint64_t last = 0, total = 0, sum = 0;
  if (stream->top_k || stream->top_p < 1000000) last = find_last(stream, symbols);
  for (uint32_t i = 0; i < symbols; i++) {
    uint64_t weight = stream->weights[i];
    if (key_of(stream, i) < last || weight * 1000000 < (uint64_t)stream->min_p << 30)
      stream->weights[i] = 0;
    total += stream->weights[i];
  }
  uint64_t target = (total >> 32) * random + ((total & 0xffffffffu) * random >> 32);
  for (uint32_t i = 0;; i++)
    if ((sum += stream->weights[i]) > target) return i;
}

/* ---- the interface ---- */

/* The first address that the host may use; a multiple of 16. */
uint32_t EXPORT(heap)(void) { return pad((uint32_t)&__heap_base); }

/* How many bytes a stream takes; a multiple of 16. */
uint32_t EXPORT(stream_size)(const Image *image) {
  uint32_t rows = image->head.rows;
  for (uint32_t l = 0; l < image->layers; l++)
    if (image->layer[l].rows > rows) rows = image->layer[l].rows;
  return pad(sizeof(Stream)) + 2 * image->layers * image->columns + 2 * image->head_columns +
         pad(4 * image->layers * image->hidden) + pad(4 * rows) + pad(4 * image->symbols) +
         pad(8 * image->symbols);
}

/* A stream's beginning. `prompt` is at least one symbol; `output` has room for `length`. */
void EXPORT(start)(const Image *image, Stream *stream, const uint16_t *prompt,
                   uint32_t prompt_size, uint16_t *output, uint32_t length, uint64_t seed,
                   uint32_t temperature, uint32_t top_k, uint32_t top_p, uint32_t min_p) {
  clear(stream, stream_size(image));
  char *at = (char *)stream + pad(sizeof(Stream));
  stream->inputs = (int16_t *)at, at += 2 * image->layers * image->columns;
  stream->top = (int16_t *)at, at += 2 * image->head_columns;
  stream->cells = (int32_t *)at, at += pad(4 * image->layers * image->hidden);
  stream->weights = (uint32_t *)at, at += pad(4 * image->symbols);
  stream->keys = (uint64_t *)at, at += pad(8 * image->symbols);
  stream->sums = (int32_t *)at;
  stream->prompt = prompt, stream->prompt_size = prompt_size;
  stream->output = output, stream->length = length;
  stream->temperature = temperature;
  stream->top_k = top_k, stream->top_p = top_p, stream->min_p = min_p;
  seed_random(stream, seed, 54);
}

/* How many symbols a stream has drawn. */
uint32_t EXPORT(drawn)(const Stream *stream) { return stream->drawn; }

/* One symbol into each stream, and for those whose prompt is over one symbol out. */
static void advance(const Image *image, Stream *const *streams, uint32_t n) {
  const int16_t *vectors[BATCH];
  const int16_t *embedding = (const int16_t *)((const char *)image + image->embedding);
  for (uint32_t s = 0; s < n; s++) {
    Stream *stream = streams[s];
    uint32_t symbol = stream->fed < stream->prompt_size ? stream->prompt[stream->fed]
                                                        : stream->output[stream->drawn - 1];
    stream->fed++;
    for (uint32_t j = 0; j < image->hidden; j++)
      stream->inputs[j] = embedding[symbol * image->hidden + j];
  }
  for (uint32_t l = 0; l < image->layers; l++) {
    for (uint32_t s = 0; s < n; s++) vectors[s] = streams[s]->inputs + l * image->columns;
    multiply(image, &image->layer[l], image->columns, streams, vectors, n);
    for (uint32_t s = 0; s < n; s++) update(image, streams[s], l);
  }
  Stream *drawing[BATCH];
  uint32_t count = 0;
  for (uint32_t s = 0; s < n; s++)
    if (streams[s]->fed >= streams[s]->prompt_size) drawing[count++] = streams[s];
  for (uint32_t s = 0; s < count; s++) vectors[s] = drawing[s]->top;
  multiply(image, &image->head, image->head_columns, drawing, vectors, count);
  for (uint32_t s = 0; s < count; s++)
    drawing[s]->output[drawing[s]->drawn++] = (uint16_t)choose(image, drawing[s]);
}

/* `steps` steps of n streams (n ≤ 64), or fewer where a stream reaches its length. */
void EXPORT(run)(const Image *image, Stream *const *streams, uint32_t n, uint32_t steps) {
  Stream *active[BATCH];
  if (n > BATCH) __builtin_trap();
  while (steps-- > 0) {
    uint32_t count = 0;
    for (uint32_t s = 0; s < n; s++)
      if (streams[s]->drawn < streams[s]->length) active[count++] = streams[s];
    if (!count) return;
    advance(image, active, count);
  }
}
