// docs/exact-sampling.md in plain JavaScript, without WebAssembly: written from that page alone, to
// show that it can be. Numbers are doubles, exact for whole numbers below 2^53; BigInt where a product
// can be larger. write(bytes, tables, stream, reads) gives the indices drawn, and for each count in
// `reads` the state after so many symbols were read.
"use strict";

function readTensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  const facts = JSON.parse(header.__metadata__.escriba);
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [begin, end] = entry.data_offsets;
    const values = (tensors[name] = new Float64Array((end - begin) / 4));
    for (let i = 0; i < values.length; i++) {
      values[i] = view.getFloat32(8 + size + begin + 4 * i, true);
    }
  }
  return { network: facts.network, symbols: Array.from(facts.vocabulary.symbols).length, tensors };
}

// Section 1

const nearest = (v) => {
  const low = Math.floor(v), rest = v - low;
  return low + (rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? 1 : 0);
};
const rnd = (v, s) => (s ? Math.floor((v + 2 ** (s - 1)) / 2 ** s) : v);
const clamp = (v, m) => Math.max(-m, Math.min(m, v));

// Section 2

function quantise({ network: { cell, layers, hidden, residual }, symbols, tensors }) {
  const embedding = tensors["embedding.weight"];
  const largest = embedding.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  let shift = 11;
  while (nearest(largest * 2 ** shift) + (residual ? layers : 0) * 2 ** shift > 2 ** 15 - 1) shift--;
  const one = 2 ** shift;
  const integers = embedding.map((v) => nearest(v * one));
  const column = new Float64Array(hidden);
  integers.forEach((v, i) => (column[i % hidden] = Math.max(column[i % hidden], Math.abs(v))));
  const part = (name, row) => Array.from(tensors[name].subarray(row * hidden, (row + 1) * hidden));
  const nothing = new Array(hidden).fill(0);
  const matrices = [];
  for (let l = 0; l <= layers; l++) {
    const x = Array.from(column, (v) => (residual ? v + l * one : l ? one : v));
    const rows = [];
    if (l === layers) {
      for (let r = 0; r < symbols; r++) rows.push([part("head.weight", r), tensors["head.bias"][r]]);
      matrices.push(fit(rows, x, one, 0));
      continue;
    }
    const [ih, hh] = [tensors[`layers.${l}.bias_ih`], tensors[`layers.${l}.bias_hh`]];
    const both = { rnn: 1, gru: 2, lstm: 4 }[cell] * hidden;
    const w = (kind, r) => part(`layers.${l}.weight_${kind}`, r);
    for (let r = 0; r < both; r++) rows.push([w("ih", r).concat(w("hh", r)), ih[r] + hh[r]]);
    if (cell === "gru") {
      for (let r = both; r < both + hidden; r++) rows.push([w("ih", r).concat(nothing), ih[r]]);
      for (let r = both; r < both + hidden; r++) rows.push([nothing.concat(w("hh", r)), hh[r]]);
    }
    const lowest = Math.max(0, 12 - shift);
    matrices.push(fit(rows, x.concat(new Array(hidden).fill(one)), one, lowest));
  }
  return { cell, hidden, layers, residual, shift, embedding: integers, matrices };
}

function fit(rows, bounds, one, lowest) {
  for (let shift = 14; shift >= lowest; shift--) {
    const unit = 2 ** shift;
    const found = rows.map(([weights, bias]) => {
      const largest = weights.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const factor = Math.max(1, Math.ceil((largest * unit) / 127));
      const scale = unit / factor;
      return { q: weights.map((v) => nearest(v * scale)), factor, bias: nearest(bias * unit * one) };
    });
    const fits = ({ q, factor, bias }) =>
      q.reduce((sum, v, j) => sum + Math.abs(v) * bounds[j], 0) * factor + Math.abs(bias) <=
      2 ** 31 - 1 - 2 ** 12;
    if (found.every(fits)) return { shift, rows: found };
  }
  throw new Error("the weights are too large");
}

// Sections 3 and 4

function makeNetwork(model, { tanh: table }) {
  const { cell, hidden, layers, residual, shift, embedding, matrices } = model;
  const tanh = (u) => {
    const v = clamp(u, 2 ** 16 - 1), n = Math.abs(v) >> 7, k = Math.abs(v) & 127;
    return Math.sign(v) * (table[n] + (((table[n + 1] - table[n]) * k + 64) >> 7));
  };
  const sigma = (z) => 2 ** 15 + tanh(z);
  const multiply = ({ rows }, x) =>
    rows.map(({ q, factor, bias }) => q.reduce((sum, v, j) => sum + v * x[j], 0) * factor + bias);
  const h = Array.from({ length: layers }, () => new Array(hidden).fill(0));
  const c = Array.from({ length: layers }, () => new Array(hidden).fill(0));
  const cells = {
    rnn: (z, c, j) => rnd(tanh(2 * z[j]), 15 - shift),
    lstm: (z, c, j) => {
      const [i, f, g, o] = [0, 1, 2, 3].map((gate) => z[gate * hidden + j]);
      c[j] = clamp(rnd(sigma(f) * c[j] + sigma(i) * tanh(2 * g) * 2 ** 5, 16), 2 ** 30);
      return rnd(sigma(o) * tanh(rnd(c[j], 7)), 31 - shift);
    },
    gru: (z, c, j) => {
      const [r, keep, input, state] = [0, 1, 2, 3].map((gate) => z[gate * hidden + j]);
      const n = tanh(2 * (input + rnd(sigma(r) * state, 16)));
      c[j] = rnd(sigma(keep) * c[j] + (2 ** 16 - sigma(keep)) * n * 2 ** 5, 16);
      return rnd(c[j], 20 - shift);
    },
  };
  const read = (symbol) => {
    let x = Array.from(embedding.subarray(symbol * hidden, (symbol + 1) * hidden));
    for (let l = 0; l < layers; l++) {
      const drop = matrices[l].shift + shift - 12;
      const z = multiply(matrices[l], x.concat(h[l])).map((v) => rnd(v, drop));
      h[l] = h[l].map((_, j) => cells[cell](z, c[l], j));
      x = residual ? x.map((v, j) => v + h[l][j]) : Array.from(h[l]);
    }
    return multiply(matrices[layers], x);
  };
  return { read, state: () => ({ h: h.flat(), c: c.flat() }), shift: matrices[layers].shift + shift };
}

// Section 5

function makeGenerator(seed) {
  const mask = 2n ** 64n - 1n, increment = (54n << 1n) | 1n;
  let state = 0n;
  const next = () => {
    const old = state;
    state = (old * 6364136223846793005n + increment) & mask;
    const mixed = Number((((old >> 18n) ^ old) >> 27n) & 0xffffffffn), turn = Number(old >> 59n);
    return ((mixed >>> turn) | (mixed << (-turn & 31))) >>> 0;
  };
  next();
  state = (state + BigInt(seed)) & mask;
  next();
  return next;
}

function draw(logits, shift, random, { temperature, topK, topP, minP }, power) {
  const largest = logits.reduce((most, v) => Math.max(most, v), -Infinity);
  if (temperature === 0) return logits.indexOf(largest);
  const factor = (24204406n * 1000n) / BigInt(temperature);
  const weights = logits.map((v) => {
    let d = largest - v;
    d = Math.min(shift > 16 ? rnd(d, shift - 16) : d * 2 ** (16 - shift), 2 ** 28 - 1);
    const e = Number((BigInt(d) * factor) >> 24n);
    const q = Math.floor(e / 65536), n = (e % 65536) >> 6, k = e % 64;
    return q > 30 ? 0 : Math.floor((power[n] - (((power[n] - power[n + 1]) * k) >> 6)) / 2 ** q);
  });
  const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b);
  let kept = order.slice(0, topK || order.length);
  const total = kept.reduce((sum, i) => sum + BigInt(weights[i]), 0n);
  let sum = 0n;
  const last = kept.findIndex((i) => (sum += BigInt(weights[i])) * 1000000n >= BigInt(topP) * total);
  kept = kept.slice(0, last + 1);
  kept = kept.filter((i) => BigInt(weights[i]) * 1000000n >= BigInt(minP) << 30n).sort((a, b) => a - b);
  const whole = kept.reduce((sum, i) => sum + BigInt(weights[i]), 0n);
  const target = (BigInt(random) * whole) >> 32n;
  sum = 0n;
  return kept.find((i) => (sum += BigInt(weights[i])) > target);
}

function write(bytes, tables, stream, reads) {
  const integers = quantise(readTensors(bytes));
  const network = makeNetwork(integers, tables), next = makeGenerator(stream.seed);
  const drawn = [], states = [];
  for (let read = 0; drawn.length < stream.length; read++) {
    const prompt = stream.prompt;
    const logits = network.read(read < prompt.length ? prompt[read] : drawn[drawn.length - 1]);
    if (reads.includes(read + 1)) states.push({ ...network.state(), logits });
    if (read + 1 >= prompt.length) drawn.push(draw(logits, network.shift, next(), stream, tables.power));
  }
  return { drawn, states, integers };
}

if (typeof process !== "undefined") {
  const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const { drawn, states, integers } = write(
    Buffer.from(given.model, "base64"), given.tables, given.stream, given.reads);
  const { shift, embedding, matrices } = integers;
  console.log(JSON.stringify({ drawn, states, shift, embedding: Array.from(embedding), matrices }));
}
