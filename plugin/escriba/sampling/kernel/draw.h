/* A stream, and how its next symbol is drawn from the logits in `sums`. */
#pragma once
#include "cells.h"
#include "image.h"
#include "tables.h"

#define FARTHEST ((1 << 28) - 1) /* 4096 nats: at temperature 100 still a weight of 0 */

typedef struct {
  uint64_t state, increment; /* of the generator */
  uint32_t temperature;      /* thousandths; 0: the likeliest symbol */
  uint32_t top_k;            /* 0: all */
  uint32_t top_p, min_p;     /* millionths; 1000000 and 0: all */
  uint32_t length, drawn;    /* symbols to draw, and drawn */
  uint32_t fed, prompt_size;
  const uint16_t *prompt;
  uint16_t *output;
  int16_t *inputs;   /* x and h of each layer, as wide as the matrices want them; the head's x */
  int32_t *cells;    /* of each layer, as wide as x and h */
  int32_t *sums;     /* the result of one matrix */
  int32_t *gates;    /* the same after the gates' functions */
  uint32_t *weights; /* (symbols) */
  uint64_t *keys;    /* (symbols) */
} Stream;

/* The generator is PCG32 (XSH RR 64/32) of M. E. O'Neill, pcg-random.org. */

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

static int32_t find_largest(const Image *image, const Stream *stream) {
  int32_t largest = stream->sums[0];
  for (uint32_t i = 1; i < image->symbols; i++)
    largest = stream->sums[i] > largest ? stream->sums[i] : largest;
  return largest;
}

/* The symbol with the largest logit; of equals, the first. */
static uint32_t find_likeliest(const Image *image, const Stream *stream) {
  int32_t largest = find_largest(image, stream);
  uint32_t symbol = 0;
  while (stream->sums[symbol] != largest) symbol++;
  return symbol;
}

/* exp(-difference / temperature) · 2^30 of every symbol; the largest is 2^30. */
static void weigh(const Image *image, Stream *stream, uint32_t temperature) {
  int32_t largest = find_largest(image, stream);
  uint64_t factor = 24204406u * (uint64_t)1000 / temperature; /* log2(e) · 2^24 / t */
  uint32_t shift = head_of(image)->shift + image->activation;
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

/* Takes the weight of the symbols that top-k, top-p or min-p leave out. */
static void drop_unlikely(Stream *stream, uint32_t symbols) {
  uint64_t last = 0, least = (uint64_t)stream->min_p << 30;
  if (stream->top_k || stream->top_p < 1000000) last = find_last(stream, symbols);
  for (uint32_t i = 0; i < symbols; i++)
    if (key_of(stream, i) < last || stream->weights[i] * (uint64_t)1000000 < least)
      stream->weights[i] = 0;
}

static uint32_t choose(const Image *image, Stream *stream) {
  uint32_t symbols = image->symbols, random = next_random(stream);
  if (!stream->temperature) return find_likeliest(image, stream);
  weigh(image, stream, stream->temperature);
  uint64_t total = 0, sum = 0;
  if (stream->top_k || stream->top_p < 1000000 || stream->min_p) drop_unlikely(stream, symbols);
  for (uint32_t i = 0; i < symbols; i++) total += stream->weights[i];
  uint64_t target = (total >> 32) * random + ((total & 0xffffffffu) * random >> 32);
  for (uint32_t i = 0;; i++)
    if ((sum += stream->weights[i]) > target) return i;
}
