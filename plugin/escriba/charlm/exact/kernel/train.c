/* Training a character model in IEEE 754 arithmetic: docs/exact-training.md.
 *
 * Freestanding C for WebAssembly with 128-bit SIMD. Every sum has one order, whatever the number of
 * threads: a product adds in ascending k, and vectors run along what is not summed. No operation is
 * fused (-ffp-contract=off), and no function is a library's. An instance holds one network and
 * works on one shard of a batch at a time; shards are added by the host, in their order.
 *
 * Rows of activations are padded to PANEL numbers, those of several gates gate by gate. What is in
 * the padding is finite and is read by nothing that is kept.
 */
#include "functions.h"
#include "products.h"
#include "random.h"

#define EXPORT(name) __attribute__((export_name(#name))) name
#define MOST_LAYERS 64

/* Of AdamW. */
#define BETA_1 0.9f
#define BETA_2 0.99f
#define EPSILON 1e-8f

extern unsigned char __heap_base;

enum { RNN, GRU, LSTM };

/* One layer: where its weights are, their packed forms, and what a window left of its states.
 * T steps of S streams: row t·S + s. `h` has S rows more, before them: the state carried in. */
typedef struct {
  uint32_t w_ih, w_hh, b_ih, b_hh;      /* numbers from the start of weights, and of gradients */
  float *in, *hidden;                   /* packed: k over inputs, columns are gates' units */
  float *in_back, *hidden_back;         /* packed: k over gates' units, columns are inputs */
  float *x, *z, *u, *h, *c, *tanh_c;    /* inputs; gates; h·W_hh + b_hh (gru); states */
  float *mask;                          /* (S, width) of dropout, of what the layer gives */
} Layer;

static struct {
  uint32_t cell, layers, hidden, symbols, residual, steps, streams;
  uint32_t gates, width, wide, vocabulary; /* width: padded hidden; wide: gates · width */
  uint32_t count;                          /* of weights */
  uint32_t head_w, head_b;
  float *weights, *gradients, *first, *second; /* the last two: moments */
  float *head, *head_back, *scratch, *packed;
  float *logits, *dx, *dz, *du, *dh, *dc, *top, *mask;
  int32_t *read, *targets;
  double *losses; /* of each row */
  double *rows; /* (hidden, hidden), while weights are drawn */
  Layer layer[MOST_LAYERS];
} net;

static uint64_t at; /* the first address that is free, or beyond all that there are */

static void *take(uint64_t bytes) {
  void *found = (void *)(uint32_t)at;
  at += (bytes + 63) & ~(uint64_t)63;
  return found;
}

static float *take_rows(uint64_t rows, uint32_t width) { return take(4 * rows * width); }

/* Lays out an instance for windows of `steps` symbols of `streams` streams, and returns how many
 * bytes of memory it needs in all, which then has to grow to that; 0 if there can be no so many. */
uint32_t EXPORT(lay_out)(uint32_t cell, uint32_t layers, uint32_t hidden, uint32_t symbols,
                         uint32_t residual, uint32_t steps, uint32_t streams, uint32_t moments) {
  uint32_t g = cell == LSTM ? 4 : cell == GRU ? 3 : 1;
  uint32_t width = pad(hidden), wide = g * width, rows = steps * streams;
  at = ((uint32_t)&__heap_base + 63) & ~63u;
  net.cell = cell, net.layers = layers, net.hidden = hidden, net.symbols = symbols;
  net.residual = residual, net.steps = steps, net.streams = streams;
  net.gates = g, net.width = width, net.wide = wide, net.vocabulary = pad(symbols);
  uint32_t n = symbols * hidden;
  for (uint32_t l = 0; l < layers; l++) {
    Layer *y = net.layer + l;
    y->w_ih = n, n += g * hidden * hidden;
    y->w_hh = n, n += g * hidden * hidden;
    y->b_ih = n, n += g * hidden;
    y->b_hh = n, n += g * hidden;
  }
  net.head_w = n, n += symbols * hidden;
  net.head_b = n, n += symbols;
  net.count = n;
  net.weights = take_rows(n + 4, 1), net.gradients = take_rows(n + 4, 1);
  if (moments) {
    net.first = take_rows(n + 4, 1), net.second = take_rows(n + 4, 1);
    net.rows = take(8 * (uint64_t)hidden * hidden);
  }
  net.losses = take(8 * (uint64_t)rows);
  net.read = take(4 * (uint64_t)rows), net.targets = take(4 * (uint64_t)rows);
  for (uint32_t l = 0; l < layers; l++) {
    Layer *y = net.layer + l;
    y->in = take_rows(hidden, wide), y->hidden = take_rows(hidden, wide);
    y->in_back = take_rows(g * hidden, width), y->hidden_back = take_rows(g * hidden, width);
    y->x = take_rows(rows, width), y->z = take_rows(rows, wide);
    y->u = cell == GRU ? take_rows(rows, wide) : 0;
    y->h = take_rows(rows + streams, width);
    y->c = cell == LSTM ? take_rows(rows + streams, width) : 0;
    y->tanh_c = cell == LSTM ? take_rows(rows, width) : 0;
    y->mask = take_rows(streams, width);
  }
  net.head = take_rows(hidden, net.vocabulary), net.head_back = take_rows(symbols, width);
  uint32_t most = width > net.vocabulary ? width : net.vocabulary;
  net.packed = take_rows(rows, most);
  net.scratch = take_rows(most + streams, most > wide ? most : wide);
  net.logits = take_rows(rows, net.vocabulary), net.top = take_rows(rows, width);
  net.dx = take_rows(rows, width), net.dz = take_rows(rows, wide);
  net.du = cell == GRU ? take_rows(rows, wide) : net.dz;
  net.dh = take_rows(streams, width), net.dc = take_rows(streams, width);
  net.mask = take_rows(streams, width);
  return at > UINT32_MAX ? 0 : (uint32_t)at;
}

float *EXPORT(weights)(void) { return net.weights; }
float *EXPORT(gradients)(void) { return net.gradients; }
float *EXPORT(first)(void) { return net.first; }
float *EXPORT(second)(void) { return net.second; }
int32_t *EXPORT(read)(void) { return net.read; }
int32_t *EXPORT(targets)(void) { return net.targets; }
double *EXPORT(losses)(void) { return net.losses; }
float *EXPORT(mask)(uint32_t layer) { return layer ? net.layer[layer - 1].mask : net.mask; }

/* Where the state of a layer is that the next window begins with: h, and c of an lstm; rows of
 * width() numbers. */
float *EXPORT(state)(uint32_t layer, uint32_t part) {
  return part ? net.layer[layer].c : net.layer[layer].h;
}
uint32_t EXPORT(width)(void) { return net.width; }

/* Packs the weights, as products read them. After they have changed. */
void EXPORT(prepare)(void) {
  uint32_t h = net.hidden, g = net.gates;
  for (uint32_t l = 0; l < net.layers; l++) {
    Layer *y = net.layer + l;
    const float *w_ih = net.weights + y->w_ih, *w_hh = net.weights + y->w_hh;
    pack_columns(y->in, w_ih, h, h, g), pack_columns(y->hidden, w_hh, h, h, g);
    pack_rows(y->in_back, w_ih, g * h, h, h), pack_rows(y->hidden_back, w_hh, g * h, h, h);
  }
  pack_columns(net.head, net.weights + net.head_w, h, net.symbols, 1);
  pack_rows(net.head_back, net.weights + net.head_w, net.symbols, h, h);
}

/* Rows that begin with a bias, gate by gate. */
static void begin_with(float *out, uint32_t rows, const float *bias) {
  uint32_t h = net.hidden, width = net.width, wide = net.wide;
  for (uint32_t g = 0; g < net.gates; g++) {
    for (uint32_t j = 0; j < width; j++) out[g * width + j] = j < h ? bias[g * h + j] : 0.0f;
  }
  for (uint32_t r = 1; r < rows; r++) __builtin_memcpy(out + r * wide, out, 4 * wide);
}

static void forward_lstm(Layer *y, uint32_t t) {
  uint32_t s = net.streams, w = net.width, wide = net.wide;
  for (uint32_t r = t * s; r < (t + 1) * s; r++) {
    float *z = y->z + r * wide, *c = y->c + r * w, *next = c + s * w;
    for (uint32_t j = 0; j < w; j += 4) {
      v128_t i = sigmoid(load(z + j)), f = sigmoid(load(z + w + j));
      v128_t g = tangent(load(z + 2 * w + j)), o = sigmoid(load(z + 3 * w + j));
      v128_t now = add(mul(f, load(c + j)), mul(i, g)), curved = tangent(now);
      store(z + j, i), store(z + w + j, f), store(z + 2 * w + j, g), store(z + 3 * w + j, o);
      store(next + j, now), store(y->tanh_c + r * w + j, curved);
      store(y->h + (r + s) * w + j, mul(o, curved));
    }
  }
}

static void forward_gru(Layer *y, uint32_t t) {
  uint32_t s = net.streams, w = net.width, wide = net.wide;
  for (uint32_t r = t * s; r < (t + 1) * s; r++) {
    float *z = y->z + r * wide, *u = y->u + r * wide, *h = y->h + r * w;
    for (uint32_t j = 0; j < w; j += 4) {
      v128_t reset = sigmoid(add(load(z + j), load(u + j)));
      v128_t keep = sigmoid(add(load(z + w + j), load(u + w + j)));
      v128_t new = tangent(add(load(z + 2 * w + j), mul(reset, load(u + 2 * w + j))));
      store(z + j, reset), store(z + w + j, keep), store(z + 2 * w + j, new);
      v128_t left = mul(sub(splat(1.0f), keep), new);
      store(h + s * w + j, add(left, mul(keep, load(h + j))));
    }
  }
}

static void forward_rnn(Layer *y, uint32_t t) {
  uint32_t s = net.streams, w = net.width;
  for (uint32_t r = t * s; r < (t + 1) * s; r++) {
    for (uint32_t j = 0; j < w; j += 4) {
      v128_t h = tangent(load(y->z + r * w + j));
      store(y->z + r * w + j, h), store(y->h + (r + s) * w + j, h);
    }
  }
}

/* One layer over a window. z = (b_ih + x·W_ih) + (b_hh + h·W_hh), each product in ascending k. */
static void forward_layer(Layer *y) {
  uint32_t s = net.streams, w = net.width, wide = net.wide, rows = net.steps * s;
  begin_with(y->z, rows, net.weights + y->b_ih);
  multiply(y->z, wide, rows, wide, (Terms){y->x, w, 1, net.hidden, 1, 0}, y->in);
  for (uint32_t t = 0; t < net.steps; t++) {
    float *u = net.cell == GRU ? y->u + t * s * wide : net.scratch;
    begin_with(u, s, net.weights + y->b_hh);
    multiply(u, wide, s, wide, (Terms){y->h + t * s * w, w, 1, net.hidden, 1, 0}, y->hidden);
    if (net.cell != GRU) {
      float *z = y->z + t * s * wide;
      for (uint32_t j = 0; j < s * wide; j += 4) store(z + j, add(load(z + j), load(u + j)));
    }
    if (net.cell == LSTM) forward_lstm(y, t);
    else if (net.cell == GRU) forward_gru(y, t);
    else forward_rnn(y, t);
  }
}

/* What a layer gives, through dropout, onto what it was given; or in its place. */
static void pass_on(const Layer *y, float *next) {
  uint32_t s = net.streams, w = net.width;
  for (uint32_t r = 0; r < net.steps * s; r++) {
    const float *h = y->h + (r + s) * w, *m = y->mask + r % s * w;
    for (uint32_t j = 0; j < w; j += 4) {
      v128_t given = mul(load(h + j), load(m + j));
      store(next + r * w + j, net.residual ? add(load(y->x + r * w + j), given) : given);
    }
  }
}

static void forward(void) {
  uint32_t s = net.streams, w = net.width, rows = net.steps * s;
  float *x = net.layers ? net.layer[0].x : net.top;
  for (uint32_t r = 0; r < rows; r++) {
    const float *row = net.weights + net.read[r] * net.hidden, *m = net.mask + r % s * w;
    for (uint32_t j = 0; j < w; j++) x[r * w + j] = j < net.hidden ? row[j] * m[j] : 0.0f;
  }
  for (uint32_t l = 0; l < net.layers; l++) {
    forward_layer(net.layer + l);
    pass_on(net.layer + l, l + 1 < net.layers ? net.layer[l + 1].x : net.top);
  }
  for (uint32_t r = 0; r < rows; r++) {
    for (uint32_t v = 0; v < net.vocabulary; v++)
      net.logits[r * net.vocabulary + v] = v < net.symbols ? net.weights[net.head_b + v] : 0.0f;
  }
  multiply(net.logits, net.vocabulary, rows, net.vocabulary,
           (Terms){net.top, w, 1, net.hidden, 1, 0}, net.head);
}

static float find_most(const float *row) {
  float most = row[0];
  for (uint32_t v = 1; v < net.symbols; v++) most = row[v] > most ? row[v] : most;
  return most;
}

/* The loss of each row in turn, added up in float64; the logits become their gradients, times
 * `share`. A row whose target is negative counts for nothing. */
static double lose(float share) {
  double total = 0.0;
  for (uint32_t r = 0; r < net.steps * net.streams; r++) {
    float *row = net.logits + r * net.vocabulary;
    int32_t target = net.targets[r];
    float most = find_most(row);
    double sum = 0.0;
    float there = target < 0 ? 0.0f : row[target] - most;
    for (uint32_t v = 0; v < net.vocabulary; v += 4)
      store(row + v, exponential(sub(load(row + v), splat(most))));
    for (uint32_t v = 0; v < net.symbols; v++) sum += row[v];
    net.losses[r] = target < 0 ? 0.0 : logarithm(sum) - (double)there;
    total += net.losses[r];
    float scale = target < 0 ? 0.0f : share;
    float factor = (float)((double)scale / sum);
    for (uint32_t v = 0; v < net.vocabulary; v += 4)
      store(row + v, mul(load(row + v), splat(factor)));
    if (target >= 0) row[target] -= scale;
  }
  return total;
}

static void backward_lstm(Layer *y, uint32_t t) {
  uint32_t s = net.streams, w = net.width, wide = net.wide;
  v128_t one = splat(1.0f);
  for (uint32_t q = 0; q < s; q++) {
    uint32_t r = t * s + q;
    const float *z = y->z + r * wide, *before = y->c + r * w, *curved = y->tanh_c + r * w;
    float *dz = net.dz + r * wide, *dh = net.dh + q * w, *dc = net.dc + q * w;
    const float *m = y->mask + q * w, *above = net.dx + r * w;
    for (uint32_t j = 0; j < w; j += 4) {
      v128_t i = load(z + j), f = load(z + w + j), g = load(z + 2 * w + j), o = load(z + 3 * w + j);
      v128_t k = load(curved + j), d = add(mul(load(above + j), load(m + j)), load(dh + j));
      v128_t e = add(load(dc + j), mul(mul(d, o), sub(one, mul(k, k))));
      store(dz + j, mul(mul(e, g), mul(i, sub(one, i))));
      store(dz + w + j, mul(mul(e, load(before + j)), mul(f, sub(one, f))));
      store(dz + 2 * w + j, mul(mul(e, i), sub(one, mul(g, g))));
      store(dz + 3 * w + j, mul(mul(d, k), mul(o, sub(one, o))));
      store(dc + j, mul(e, f)), store(dh + j, splat(0.0f));
    }
  }
}

static void backward_gru(Layer *y, uint32_t t) {
  uint32_t s = net.streams, w = net.width, wide = net.wide;
  v128_t one = splat(1.0f);
  for (uint32_t q = 0; q < s; q++) {
    uint32_t r = t * s + q;
    const float *z = y->z + r * wide, *u = y->u + r * wide, *before = y->h + r * w;
    float *dz = net.dz + r * wide, *du = net.du + r * wide, *dh = net.dh + q * w;
    const float *m = y->mask + q * w, *above = net.dx + r * w;
    for (uint32_t j = 0; j < w; j += 4) {
      v128_t reset = load(z + j), keep = load(z + w + j), new = load(z + 2 * w + j);
      v128_t d = add(mul(load(above + j), load(m + j)), load(dh + j));
      v128_t dn = mul(mul(d, sub(one, keep)), sub(one, mul(new, new)));
      v128_t dk = mul(mul(d, sub(load(before + j), new)), mul(keep, sub(one, keep)));
      v128_t dr = mul(mul(dn, load(u + 2 * w + j)), mul(reset, sub(one, reset)));
      store(dz + j, dr), store(dz + w + j, dk), store(dz + 2 * w + j, dn);
      store(du + j, dr), store(du + w + j, dk), store(du + 2 * w + j, mul(dn, reset));
      store(dh + j, mul(d, keep));
    }
  }
}

static void backward_rnn(Layer *y, uint32_t t) {
  uint32_t s = net.streams, w = net.width;
  for (uint32_t q = 0; q < s; q++) {
    uint32_t r = t * s + q;
    for (uint32_t j = 0; j < w; j += 4) {
      v128_t h = load(y->z + r * w + j), m = load(y->mask + q * w + j);
      v128_t d = add(mul(load(net.dx + r * w + j), m), load(net.dh + q * w + j));
      store(net.dz + r * w + j, mul(d, sub(splat(1.0f), mul(h, h))));
      store(net.dh + q * w + j, splat(0.0f));
    }
  }
}

/* The gradient of a matrix (gates · units, inputs): for each row the products of its gate's
 * gradients and the inputs, over the rows of the window in ascending order. */
static void find_matrix(float *out, const float *gates, const float *inputs) {
  uint32_t h = net.hidden, w = net.width, wide = net.wide, rows = net.steps * net.streams;
  pack_window(net.packed, inputs, rows, w);
  for (uint32_t g = 0; g < net.gates; g++) {
    __builtin_memset(net.scratch, 0, 4 * h * w);
    multiply(net.scratch, w, h, w, (Terms){gates + g * w, 1, wide, rows, 1, 0}, net.packed);
    for (uint32_t j = 0; j < h; j++)
      __builtin_memcpy(out + (g * h + j) * h, net.scratch + j * w, 4 * h);
  }
}

static void find_bias(float *out, const float *gates) {
  uint32_t h = net.hidden, w = net.width, rows = net.steps * net.streams;
  __builtin_memset(net.scratch, 0, 4 * net.wide);
  for (uint32_t r = 0; r < rows; r++) {
    for (uint32_t j = 0; j < net.wide; j += 4)
      store(net.scratch + j, add(load(net.scratch + j), load(gates + r * net.wide + j)));
  }
  for (uint32_t g = 0; g < net.gates; g++)
    __builtin_memcpy(out + g * h, net.scratch + g * w, 4 * h);
}

/* One layer back over a window. `dx` is the gradient of what comes out, and becomes that of what
 * came in. The state carried in gets none. */
static void backward_layer(Layer *y) {
  uint32_t s = net.streams, h = net.hidden, w = net.width, wide = net.wide;
  uint32_t rows = net.steps * s;
  __builtin_memset(net.dh, 0, 4 * s * w), __builtin_memset(net.dc, 0, 4 * s * w);
  for (uint32_t t = net.steps; t-- > 0;) {
    if (net.cell == LSTM) backward_lstm(y, t);
    else if (net.cell == GRU) backward_gru(y, t);
    else backward_rnn(y, t);
    multiply(net.dh, w, s, w, (Terms){net.du + t * s * wide, wide, 1, h, net.gates, w},
             y->hidden_back);
  }
  float *g = net.gradients;
  find_matrix(g + y->w_ih, net.dz, y->x), find_matrix(g + y->w_hh, net.du, y->h);
  find_bias(g + y->b_ih, net.dz), find_bias(g + y->b_hh, net.du);
  if (!net.residual) __builtin_memset(net.dx, 0, 4 * rows * w);
  multiply(net.dx, w, rows, w, (Terms){net.dz, wide, 1, h, net.gates, w}, y->in_back);
}

static void backward(void) {
  uint32_t s = net.streams, h = net.hidden, w = net.width, rows = net.steps * s;
  float *g = net.gradients;
  pack_window(net.packed, net.top, rows, w);
  __builtin_memset(net.scratch, 0, 4 * net.symbols * w);
  multiply(net.scratch, w, net.symbols, w, (Terms){net.logits, 1, net.vocabulary, rows, 1, 0},
           net.packed);
  for (uint32_t v = 0; v < net.symbols; v++)
    __builtin_memcpy(g + net.head_w + v * h, net.scratch + v * w, 4 * h);
  __builtin_memset(g + net.head_b, 0, 4 * net.symbols);
  for (uint32_t r = 0; r < rows; r++) {
    for (uint32_t v = 0; v < net.symbols; v++)
      g[net.head_b + v] += net.logits[r * net.vocabulary + v];
  }
  __builtin_memset(net.dx, 0, 4 * rows * w);
  multiply(net.dx, w, rows, w, (Terms){net.logits, net.vocabulary, 1, net.symbols, 1, 0},
           net.head_back);
  for (uint32_t l = net.layers; l-- > 0;) backward_layer(net.layer + l);
  __builtin_memset(g, 0, 4 * net.symbols * h);
  for (uint32_t r = 0; r < rows; r++) {
    float *row = g + net.read[r] * h;
    const float *m = net.mask + r % s * w;
    for (uint32_t j = 0; j < h; j++) row[j] += net.dx[r * w + j] * m[j];
  }
}

/* The last states, where the next window begins. */
static void carry(void) {
  uint32_t s = net.streams, w = net.width, rows = net.steps * s;
  for (uint32_t l = 0; l < net.layers; l++) {
    Layer *y = net.layer + l;
    __builtin_memcpy(y->h, y->h + rows * w, 4 * s * w);
    if (net.cell == LSTM) __builtin_memcpy(y->c, y->c + rows * w, 4 * s * w);
  }
}

/* The sum of the losses of a window, and their gradients times `share`. */
double EXPORT(learn)(float share) {
  forward();
  double loss = lose(share);
  backward();
  carry();
  return loss;
}

/* The sum of the losses of a window alone. */
double EXPORT(measure)(void) {
  forward();
  double loss = lose(0.0f);
  carry();
  return loss;
}

/* The scores of what comes next, of a window whose targets are not looked at: see choose(). */
void EXPORT(predict)(void) { forward(), carry(); }

/* The norm of the gradients: squares added one after the other in float64. */
static double find_norm(void) {
  double sum = 0.0;
  for (uint32_t n = 0; n < net.count; n++) {
    double g = net.gradients[n];
    sum += g * g;
  }
  return __builtin_sqrt(sum);
}

/* xⁿ by squaring, the lowest bit of n first. */
static double power(double x, uint64_t n) {
  double found = 1.0;
  for (; n; n >>= 1, x *= x) {
    if (n & 1) found *= x;
  }
  return found;
}

/* Weights from `n` to before `end` of AdamW's step; `scale` is that of clipping, `keep` what decay
 * leaves of a weight. The padding behind the last one is never read. */
static void update(uint32_t n, uint32_t end, double scale, double keep, double rate, double root) {
  v128_t s = splat((float)scale), k = splat((float)keep), r = splat((float)rate);
  v128_t q = splat((float)root), a = splat(BETA_1), b = splat(BETA_2), e = splat(EPSILON);
  v128_t rest_a = splat(1.0f - BETA_1), rest_b = splat(1.0f - BETA_2);
  float kept[4][3];
  uint32_t whole = n + (end - n) / 4 * 4, left = end - whole;
  for (uint32_t j = 0; j < 4; j++) /* what is beyond, which is another tensor's */
    kept[j][0] = net.weights[end + j], kept[j][1] = net.first[end + j], kept[j][2] = net.second[end + j];
  for (; n < end; n += 4) {
    v128_t g = mul(load(net.gradients + n), s);
    v128_t m = add(mul(load(net.first + n), a), mul(g, rest_a));
    v128_t v = add(mul(load(net.second + n), b), mul(mul(g, g), rest_b));
    v128_t below = add(mul(wasm_f32x4_sqrt(v), q), e);
    store(net.first + n, m), store(net.second + n, v);
    store(net.weights + n, sub(mul(load(net.weights + n), k), wasm_f32x4_div(mul(r, m), below)));
  }
  for (uint32_t j = 0; left && j < 4 - left; j++)
    net.weights[end + j] = kept[j][0], net.first[end + j] = kept[j][1], net.second[end + j] = kept[j][2];
}

/* A step of AdamW (Loshchilov & Hutter 2019), the `number`th, counted from 1, at that rate. Only
 * matrices decay, not biases nor the embedding. A gradient whose norm is above `clip` is scaled
 * down to it (Pascanu et al. 2013); returns the norm before. */
double EXPORT(finish)(uint32_t number, double rate, double decay, double clip) {
  double norm = find_norm(), scale = norm > clip ? clip / norm : 1.0;
  double keep = 1.0 - rate * decay;
  double root = 1.0 / __builtin_sqrt(1.0 - power(BETA_2, number));
  double step = rate / (1.0 - power(BETA_1, number));
  uint32_t n = net.symbols * net.hidden;
  update(0, n, scale, 1.0, step, root);
  for (uint32_t l = 0; l < net.layers; l++) {
    Layer *y = net.layer + l;
    update(n, y->b_ih, scale, keep, step, root);
    n = y->b_hh + net.gates * net.hidden;
    update(y->b_ih, n, scale, 1.0, step, root);
  }
  update(n, net.head_b, scale, keep, step, root);
  update(net.head_b, net.count, scale, 1.0, step, root);
  return norm;
}

/* Rows (hidden, hidden) that are orthogonal to each other, of length 1: normal numbers, and of each
 * row what the rows before it leave, taken twice (Giraud et al. 2005). */
static void draw_orthogonal(float *out, Random *random) {
  uint32_t h = net.hidden;
  double *rows = net.rows;
  for (uint32_t n = 0; n < h * h; n++) rows[n] = normal(random);
  for (uint32_t i = 0; i < h; i++) {
    double *row = rows + i * h;
    for (uint32_t again = 0; again < 2; again++) {
      for (uint32_t j = 0; j < i; j++) {
        double sum = 0.0;
        for (uint32_t k = 0; k < h; k++) sum += row[k] * rows[j * h + k];
        for (uint32_t k = 0; k < h; k++) row[k] -= sum * rows[j * h + k];
      }
    }
    double sum = 0.0;
    for (uint32_t k = 0; k < h; k++) sum += row[k] * row[k];
    for (uint32_t k = 0; k < h; k++) out[i * h + k] = (float)(row[k] /= __builtin_sqrt(sum));
  }
}

static void draw_uniform(float *out, uint32_t count, double bound, Random *random) {
  for (uint32_t n = 0; n < count; n++) out[n] = (float)((2.0 * uniform(random) - 1.0) * bound);
}

/* New weights, by a seed: the embedding normal (σ = ½), recurrent blocks orthogonal (Saxe et al.
 * 2014), inputs uniform (Glorot & Bengio 2010), biases zero; and no moments. In an lstm without
 * residual connections the forget gates begin open (Gers et al. 2000). */
void EXPORT(initialise)(uint64_t seed) {
  Random random = seed_random(seed, 1);
  uint32_t h = net.hidden, g = net.gates;
  __builtin_memset(net.weights, 0, 4 * (net.count + 4));
  for (uint32_t n = 0; n < net.symbols * h; n++) net.weights[n] = (float)(0.5 * normal(&random));
  for (uint32_t l = 0; l < net.layers; l++) {
    Layer *y = net.layer + l;
    draw_uniform(net.weights + y->w_ih, g * h * h, __builtin_sqrt(6.0 / (h + g * h)), &random);
    for (uint32_t k = 0; k < g; k++) draw_orthogonal(net.weights + y->w_hh + k * h * h, &random);
    for (uint32_t j = 0; net.cell == LSTM && !net.residual && j < h; j++)
      net.weights[y->b_ih + h + j] = 1.0f;
  }
  draw_uniform(net.weights + net.head_w, net.symbols * h, 1.0 / __builtin_sqrt(h), &random);
  __builtin_memset(net.first, 0, 4 * (net.count + 4));
  __builtin_memset(net.second, 0, 4 * (net.count + 4));
}

/* The masks of dropout of step `number`: for each layer and stream numbers of its own, so that
 * they do not depend on how a batch is shared out. `first` is the number of the first stream here;
 * a unit is dropped if its number is below `share`, of 2³²; what is left is multiplied by `scale`. */
void EXPORT(drop)(uint64_t seed, uint32_t number, uint32_t first, uint32_t share, float scale) {
  for (uint32_t l = 0; l <= net.layers; l++) {
    float *mask = l ? net.layer[l - 1].mask : net.mask;
    for (uint32_t s = 0; s < net.streams; s++) {
      Random random = seed_random(seed, ((uint64_t)number << 24) + ((first + s) << 8) + l + 2);
      for (uint32_t j = 0; j < net.width; j++) {
        float kept = j < net.hidden ? scale : 0.0f;
        if (share && j < net.hidden && draw(&random) < share) kept = 0.0f;
        mask[s * net.width + j] = kept;
      }
    }
  }
}

/* After predict(): the symbol that stream `s` goes on with, drawn at a temperature by a number from
 * 0 to below 1. */
uint32_t EXPORT(choose)(uint32_t s, double temperature, double number) {
  float *row = net.logits + ((net.steps - 1) * net.streams + s) * net.vocabulary;
  double total = 0.0, sum = 0.0;
  float most = find_most(row);
  v128_t inverse = splat((float)(1.0 / temperature));
  for (uint32_t v = 0; v < net.vocabulary; v += 4)
    store(row + v, exponential(mul(sub(load(row + v), splat(most)), inverse)));
  for (uint32_t v = 0; v < net.symbols; v++) total += row[v];
  for (uint32_t v = 0; v + 1 < net.symbols; v++) {
    sum += row[v];
    if (sum > number * total) return v;
  }
  return net.symbols - 1;
}
