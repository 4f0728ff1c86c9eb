// Runs kernel.wasm where JavaScript runs: the same file for Node and for a browser.
// streams: [{prompt, length, seed, temperature, topK, topP, minP}], in the kernel's integers.
async function sampleWithKernel(wasm, image, streams) {
  const { instance } = await WebAssembly.instantiate(wasm);
  const kernel = instance.exports;
  const pad = (size) => (size + 15) & ~15;
  const reserve = (end) => {
    const missing = end - kernel.memory.buffer.byteLength;
    if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65536));
  };
  const base = kernel.heap();
  reserve(base + image.length);
  new Uint8Array(kernel.memory.buffer, base).set(image);
  let at = base + kernel.room(base);
  reserve(at);
  kernel.prepare(base);
  const size = kernel.stream_size(base);
  const list = at;
  at += pad(4 * streams.length);
  const placed = streams.map((stream) => {
    const prompt = at + size;
    const output = prompt + pad(2 * stream.prompt.length);
    const place = { at, prompt, output };
    at = output + pad(2 * stream.length);
    return place;
  });
  reserve(at);
  streams.forEach((stream, index) => {
    const place = placed[index];
    new Uint16Array(kernel.memory.buffer, place.prompt).set(stream.prompt);
    new Uint32Array(kernel.memory.buffer, list)[index] = place.at;
    kernel.start(base, place.at, place.prompt, stream.prompt.length, place.output, stream.length,
      BigInt(stream.seed), stream.temperature, stream.topK, stream.topP, stream.minP);
  });
  const steps = Math.max(...streams.map((stream) => stream.prompt.length + stream.length));
  for (let index = 0; index < streams.length; index += 8)
    kernel.run(base, list + 4 * index, Math.min(8, streams.length - index), steps);
  return placed.map((place) =>
    Array.from(new Uint16Array(kernel.memory.buffer, place.output, kernel.drawn(place.at))));
}
