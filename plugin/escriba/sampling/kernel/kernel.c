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
#define MAGIC 0x72637365 /* "escr" */
#define VERSION 1
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
  int32_t *gates;   /* the same after the gates' functions */
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

#define DOT(sum, a, b) sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(a, b))

/* [a0 + a2, b0 + b2, a1 + a3, b1 + b3] */
static v128_t add_halves(v128_t a, v128_t b) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5),
                        wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
}

/* out[i] = bias[i] + the sum of the lanes of the i-th of four vectors */
static void store_sums(int32_t *out, const int32_t *bias, v128_t a, v128_t b, v128_t c, v128_t d) {
  v128_t ab = add_halves(a, b), cd = add_halves(c, d);
  v128_t sums = wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5),
                               wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
  wasm_v128_store(out, wasm_i32x4_add(wasm_v128_load(bias), sums));
}

/* Four rows on one vector: the load of the vector is shared. The rows lie interleaved, 8 columns
 * of each in turn, so that the weights are read in one run. */
static void multiply_one(const int16_t *w, uint32_t columns, const int32_t *bias,
                         const int16_t *x, int32_t *out) {
  v128_t a0 = wasm_i32x4_splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (uint32_t j = 0; j < columns; j += 16, w += 64) {
    v128_t u = wasm_v128_load(x + j), v = wasm_v128_load(x + j + 8);
    DOT(a0, u, wasm_v128_load(w));
    DOT(a1, u, wasm_v128_load(w + 8));
    DOT(a2, u, wasm_v128_load(w + 16));
    DOT(a3, u, wasm_v128_load(w + 24));
    DOT(b0, v, wasm_v128_load(w + 32));
    DOT(b1, v, wasm_v128_load(w + 40));
    DOT(b2, v, wasm_v128_load(w + 48));
    DOT(b3, v, wasm_v128_load(w + 56));
  }
  store_sums(out, bias, wasm_i32x4_add(a0, b0), wasm_i32x4_add(a1, b1), wasm_i32x4_add(a2, b2),
             wasm_i32x4_add(a3, b3));
}

/* Four rows on two vectors: the loads of the rows are shared too. */
static void multiply_two(const int16_t *w, uint32_t columns, const int32_t *bias,
                         const int16_t *x, const int16_t *y, int32_t *out_x, int32_t *out_y) {
  v128_t a0 = wasm_i32x4_splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (uint32_t j = 0; j < columns; j += 8, w += 32) {
    v128_t u = wasm_v128_load(x + j), v = wasm_v128_load(y + j), row;
    row = wasm_v128_load(w), DOT(a0, u, row), DOT(b0, v, row);
    row = wasm_v128_load(w + 8), DOT(a1, u, row), DOT(b1, v, row);
    row = wasm_v128_load(w + 16), DOT(a2, u, row), DOT(b2, v, row);
    row = wasm_v128_load(w + 24), DOT(a3, u, row), DOT(b3, v, row);
  }
  store_sums(out_x, bias, a0, a1, a2, a3);
  store_sums(out_y, bias, b0, b1, b2, b3);
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

/* From a layer's sums: its new h, and the next layer's x. */
static void update(const Image *image, Stream *stream, uint32_t layer) {
  uint32_t hidden = image->hidden, shift = image->activation;
  uint32_t drop = image->layer[layer].shift + shift - 12;
  int32_t *z = stream->sums, *a = stream->gates, *c = stream->cells + layer * hidden;
  int16_t *x = stream->inputs + layer * image->columns, *h = x + hidden;
  int16_t *next = layer + 1 < image->layers ? x + image->columns : stream->top;
  switch (image->cell) {
    case LSTM: lstm(z, hidden, drop, shift, a, c, h); break;
    case GRU: gru(z, hidden, drop, shift, a, c, h); break;
    default: rnn(z, hidden, drop, shift, a, h);
  }
  for (uint32_t j = 0; j < hidden; j++) next[j] = image->residual ? x[j] + h[j] : h[j];
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

static uint32_t most_rows(const Image *image) {
  uint32_t rows = image->head.rows;
  return image->layer[0].rows > rows ? image->layer[0].rows : rows;
}

/* How many bytes a stream takes; a multiple of 16. Traps if there is no image of this version. */
uint32_t EXPORT(stream_size)(const Image *image) {
  if (image->magic != MAGIC || image->version != VERSION) __builtin_trap();
  uint32_t rows = most_rows(image);
  return pad(sizeof(Stream)) + 2 * image->layers * image->columns + 2 * image->head_columns +
         pad(4 * image->layers * image->hidden) + 2 * pad(4 * rows) + pad(4 * image->symbols) +
         pad(8 * image->symbols) + 16; /* 16: squash reads and writes whole vectors */
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
  stream->sums = (int32_t *)at, at += pad(4 * most_rows(image));
  stream->gates = (int32_t *)at;
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
