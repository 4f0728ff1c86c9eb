/* PCG32 (PCG XSH RR 64/32, M. E. O'Neill, pcg-random.org), and what is drawn with it. */
typedef struct {
  uint64_t state, step;
} Random;

static uint32_t draw(Random *random) {
  uint64_t old = random->state;
  random->state = old * 6364136223846793005ull + random->step;
  uint32_t x = (uint32_t)(((old >> 18) ^ old) >> 27), turn = (uint32_t)(old >> 59);
  return (x >> turn) | (x << (-turn & 31));
}

/* As pcg32_srandom(state, sequence). */
static Random seed_random(uint64_t state, uint64_t sequence) {
  Random random = {0, (sequence << 1) | 1};
  draw(&random);
  random.state += state;
  draw(&random);
  return random;
}

/* From 0 to below 1, of 32 bits. */
static double uniform(Random *random) { return draw(random) * 0x1p-32; }

/* About normal, of mean 0 and variance 1: the sum of twelve uniform numbers (Irwin and Hall). */
static double normal(Random *random) {
  double sum = -6.0;
  for (int n = 0; n < 12; n++) sum += uniform(random);
  return sum;
}
