// Trains with train.wasm where JavaScript runs: the same file for Node and for a browser, by the
// page docs/exact-training.md alone. `given` has the network, the settings, and windows of symbols;
// gives the weights, as the bytes of float32 numbers.
async function trainWithKernel(wasm, given) {
  const module = await WebAssembly.compile(wasm);
  const { cell, layers, hidden, symbols, residual, steps, batch, seed, dropout, decay } = given;
  const streams = Math.min(8, batch);
  const shards = Math.ceil(batch / streams);
  const make = async (moments) => {
    const kernel = (await WebAssembly.instantiate(module)).exports;
    const shape = [["rnn", "gru", "lstm"].indexOf(cell), layers, hidden, symbols, residual, steps, streams];
    const missing = (kernel.lay_out(...shape, moments) >>> 0) - kernel.memory.buffer.byteLength;
    if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65536));
    return kernel;
  };
  const numbers = (kernel, at, count) => new Float32Array(kernel.memory.buffer, at >>> 0, count);
  const main = await make(1);
  main.initialise(BigInt(seed));
  const count = given.count;
  // Each shard has an instance of its own, as if each were a thread's.
  const kernels = [main];
  for (let shard = 1; shard < shards; shard++) kernels.push(await make(0));
  const share = Math.fround(1 / (steps * batch));
  given.windows.forEach(({ read, targets, fresh }, index) => {
    kernels.forEach((kernel, shard) => {
      if (shard) numbers(kernel, kernel.weights(), count).set(numbers(main, main.weights(), count));
      kernel.prepare();
      if (fresh)
        for (let layer = 0; layer < layers; layer++)
          for (let part = 0; part < (cell === "lstm" ? 2 : 1); part++)
            numbers(kernel, kernel.state(layer, part), streams * kernel.width()).fill(0);
      const into = (at, rows, none) => {
        const place = new Int32Array(kernel.memory.buffer, at >>> 0, steps * streams);
        for (let t = 0; t < steps; t++)
          for (let s = 0; s < streams; s++)
            place[t * streams + s] = shard * streams + s < batch ? rows[t][shard * streams + s] : none;
      };
      into(kernel.read(), read, 0);
      into(kernel.targets(), targets, -1);
      kernel.drop(BigInt(seed), index + 1, shard * streams, Math.floor(dropout * 2 ** 32),
        Math.fround(1 / (1 - dropout)));
      kernel.learn(share);
    });
    const sum = numbers(main, main.gradients(), count);
    for (const kernel of kernels.slice(1)) {
      const other = numbers(kernel, kernel.gradients(), count);
      for (let n = 0; n < count; n++) sum[n] += other[n];
    }
    main.finish(index + 1, given.rate, decay, given.clip);
  });
  return new Uint8Array(numbers(main, main.weights(), count).slice().buffer);
}
