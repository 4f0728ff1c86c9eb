// The panel of a playground: the kernel and a model in the reader's browser, with the very integers
// of the build. docs/exact-sampling.md describes the kernel, its image, and the arithmetic.

const FRAME = 6; // milliseconds of writing between two looks at the page
const ALL = 1000000; // top-p in millionths: all symbols
const CANDIDATES = 6; // shown of what is expected
const SHOWN = 60; // characters of the beginning whose surprise is shown, at most

const pad = (size) => (size + 15) & ~15;

// ---- the model ----

const fetched = new Map(); // address → its bytes, fetched once a page

function get(address) {
  if (!fetched.has(address)) {
    const bytes = fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      return answer.arrayBuffer();
    });
    bytes.catch(() => fetched.delete(address));
    fetched.set(address, bytes);
  }
  return fetched.get(address);
}

class Model {
  static async load(kernel, file) {
    const [code, data] = await Promise.all([get(kernel), get(file)]);
    const { instance } = await WebAssembly.instantiate(code);
    return new Model(instance.exports, data);
  }

  constructor(kernel, data) {
    const size = new DataView(data).getUint32(0, true);
    const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
    const image = new Uint8Array(data, pad(4 + size));
    this.kernel = kernel;
    this.symbols = Array.from(facts.symbols);
    this.ofBytes = facts.unit === "bytes";
    this.indices = new Map(this.symbols.map((symbol, index) => [symbol, index]));
    this.image = kernel.heap();
    this.reserve(this.image + image.length);
    new Uint8Array(kernel.memory.buffer).set(image, this.image);
    this.free = this.image + kernel.room(this.image);
    this.reserve(this.free);
    kernel.prepare(this.image);
  }

  reserve(end) {
    const missing = end - this.kernel.memory.buffer.byteLength;
    if (missing > 0) this.kernel.memory.grow(Math.ceil(missing / 65536));
  }

  // Text → indices. Throws an Unknown with the first character that the model does not know.
  encode(text) {
    let units = Array.from(text.normalize("NFC"));
    if (this.ofBytes) {
      units = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
    }
    return units.map((unit) => {
      if (!this.indices.has(unit)) throw new Unknown(unit);
      return this.indices.get(unit);
    });
  }

  // What makes text of symbols that come in pieces; half a character waits for its other half.
  reader() {
    if (!this.ofBytes) return (indices) => indices.map((index) => this.symbols[index]).join("");
    const decoder = new TextDecoder();
    return (indices, last) => {
      const bytes = Uint8Array.from(indices, (index) => this.symbols[index].charCodeAt(0));
      return decoder.decode(bytes, { stream: !last });
    };
  }

  // A stream that writes `length` symbols after a prompt of one or more.
  begin({ symbols, length, seed, temperature, topK, topP, minP }) {
    const stream = this.free, list = stream + this.kernel.stream_size(this.image);
    const prompt = list + 16, output = prompt + pad(2 * symbols.length);
    this.reserve(output + pad(2 * length));
    new Uint16Array(this.kernel.memory.buffer, prompt).set(symbols);
    new Uint32Array(this.kernel.memory.buffer, list)[0] = stream;
    this.kernel.start(
      this.image, stream, prompt, symbols.length, output, length,
      BigInt.asIntN(64, BigInt(seed)), temperature, topK, topP, minP,
    );
    let read = 0;
    return (steps) => {
      this.kernel.run(this.image, list, 1, steps);
      const drawn = this.kernel.drawn(stream);
      const news = Array.from(new Uint16Array(this.kernel.memory.buffer, output + 2 * read, drawn - read));
      read = drawn;
      return news;
    };
  }

  // For each of some symbols, what was expected before it, and last what is expected after them all:
  // arrays of chances. Before the first there is a line's end, as before every text.
  expect(symbols) {
    const stream = this.free;
    this.reserve(stream + this.kernel.stream_size(this.image));
    this.kernel.start(this.image, stream, 0, 1, 0, 0, 0n, 1000, 0, ALL, 0);
    const first = this.indices.get("\n") ?? 0;
    return [first, ...symbols].map((symbol) => {
      this.kernel.feed(this.image, stream, symbol);
      const at = this.kernel.weights(this.image, stream);
      const weights = Array.from(new Uint32Array(this.kernel.memory.buffer, at, this.symbols.length));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    });
  }
}

class Unknown extends Error {
  constructor(character) {
    super(character);
    this.character = character;
  }
}

// Looks for the end of a text that comes in pieces, and reads each piece once. White space is
// Python's.
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;
const SENTENCE = /[.!?…]+["'”’»›)\]}]*/gu;

class Ending {
  constructor(until) {
    this.until = until;
    this.length = 0;
    this.before = ""; // what the rule must know of the text so far
  }

  // How much of the text is left; -1 while that is open.
  read(piece) {
    const text = this.before + piece;
    const found = this.find(text);
    const end = found < 0 ? -1 : this.length - this.before.length + found;
    this.length += piece.length;
    this.before = this.keep(text);
    return end;
  }

  find(text) {
    if (!this.until) return -1;
    if (this.until === "paragraph") {
      const match = /[^\n](?=\n\n)/.exec(text);
      return match ? match.index + 1 : -1;
    }
    if (this.until === "sentence") {
      for (const match of text.matchAll(SENTENCE)) {
        const end = match.index + match[0].length;
        if (SPACE.test(text.charAt(end))) return end;
      }
      return -1;
    }
    const at = text.indexOf(this.until);
    return at < 0 ? -1 : at + this.until.length;
  }

  keep(text) {
    if (!this.until) return "";
    if (this.until === "paragraph") return text.slice(-2);
    if (this.until === "sentence") {
      let end = text.length; // it may have ended; one mark says as much as many
      while (end && "\"'”’»›)]}".includes(text[end - 1])) end--;
      return end && ".!?…".includes(text[end - 1]) ? "." : "";
    }
    return this.until.length > 1 ? text.slice(1 - this.until.length) : "";
  }
}

// ---- the page ----

const say = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...inside);
  return element;
}

const visible = (symbol) => (symbol === "\n" ? "↵" : symbol === " " ? "␣" : symbol === "\t" ? "⇥" : symbol);

/** Fills a panel. `given` has the words, the published request, and the addresses of its files. */
export async function fill(details, given) {
  const status = make("p", { role: "status", class: "escriba-status" });
  details.append(status);
  status.textContent = say(given.words.loading, { size: "0.6 MB" });
  try {
    const model = await Model.load(given.kernel, given.model);
    status.textContent = "";
    new Panel(details, status, model, given);
  } catch (error) {
    status.textContent = say(given.words.failed, { reason: error.message });
  }
}

class Panel {
  constructor(details, status, model, { words, request, lang }) {
    Object.assign(this, { status, model, words, published: request });
    this.number = new Intl.NumberFormat(words.lang, { maximumFractionDigits: 1 });
    const field = (name, control) =>
      make("label", {}, make("span", {}, words[name]), control);
    this.prompt = make("textarea", { rows: 2, spellcheck: "false", oninput: () => this.look() });
    this.prompt.value = request.prompt;
    if (lang) this.prompt.lang = lang;
    this.temperature = make("input", {
      type: "number", min: 0, max: 100, step: "any", required: true, value: request.temperature / 1000,
    });
    this.seed = make("input", {
      type: "text", inputmode: "numeric", pattern: "[0-9]{1,20}", required: true, value: request.seed,
    });
    this.length = make("input", {
      type: "number", min: 1, max: 100000, step: 1, required: true, value: request.length,
    });
    const choices = ["none", "sentence", "paragraph"];
    this.until = make("select", {}, ...choices.map((name) =>
      make("option", { value: name === "none" ? "" : name, selected: name === request.until },
        words[`until-${name}`])));
    this.same = make("span", { class: "escriba-same" });
    this.rest = make("span");
    this.output = make("div", {
      class: "escriba-text escriba-written", tabindex: 0, role: "group", "aria-label": words.output,
      hidden: true,
    }, this.same, this.rest);
    if (lang) this.output.lang = lang;
    this.surprise = make("ol", { class: "escriba-surprise", "aria-label": words.surprise });
    this.title = make("p", { class: "escriba-expected" });
    this.expected = make("ol", { class: "escriba-next" });
    this.stop = make("button", { type: "button", hidden: true, onclick: () => (this.running = null) },
      words.stop);
    this.form = make("form", { class: "escriba-form", onsubmit: (event) => this.write(event) },
      field("prompt", this.prompt), this.surprise, this.title, this.expected,
      make("div", { class: "escriba-fields" },
        field("temperature", this.temperature), field("seed", this.seed), field("length", this.length),
        field("until", this.until)),
      make("div", { class: "escriba-buttons" },
        make("button", { type: "submit" }, words.write),
        make("button", { type: "button", class: "escriba-reproduce", onclick: () => this.reproduce() },
          words.reproduce),
        this.stop));
    status.before(this.form);
    status.after(this.output);
    this.look();
  }

  tell(name, values = {}) {
    this.status.textContent = say(this.words[name], values);
  }

  count(number) {
    return this.number.format(number);
  }

  // What the reader asks for, in the kernel's integers; null if that is said to be wrong.
  ask() {
    try {
      const symbols = this.model.encode(this.prompt.value);
      const { topK, topP, minP } = this.published;
      return {
        symbols: symbols.length ? symbols : [this.model.indices.get("\n") ?? 0],
        length: Number(this.length.value),
        until: this.until.value || null,
        temperature: Math.round(Number(this.temperature.value) * 1000),
        seed: this.seed.value,
        topK, topP, minP,
      };
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      this.tell("unknown", { character: visible(error.character) });
      return null;
    }
  }

  async write(event) {
    event.preventDefault();
    const request = this.ask();
    if (request) await this.run(request, null);
  }

  async reproduce() {
    const { prompt, temperature, seed, length, until } = this.published;
    this.prompt.value = prompt;
    this.temperature.value = temperature / 1000;
    this.seed.value = seed;
    this.length.value = length;
    this.until.value = ["sentence", "paragraph"].includes(until) ? until : "";
    this.look();
    await this.run(this.published, this.published.text);
  }

  // Writes, a little in each frame; compares with a text if there is one.
  async run(request, expected) {
    const token = (this.running = {});
    this.output.hidden = this.stop.hidden = false;
    this.same.textContent = this.rest.textContent = this.rest.className = "";
    this.status.textContent = "";
    const draw = this.model.begin(request), read = this.model.reader();
    const ending = new Ending(request.until);
    let drawn = 0, shown = 0, open = "", end = -1, seconds = 0, steps = 8;
    while (drawn < request.length && end < 0 && this.running === token) {
      const begun = performance.now();
      const until = begun + FRAME;
      let piece = "";
      do {
        const symbols = draw(steps);
        drawn += symbols.length;
        piece += read(symbols, drawn >= request.length);
      } while (performance.now() < until && drawn < request.length);
      seconds += (performance.now() - begun) / 1000;
      steps = Math.min(64, 2 * steps);
      end = ending.read(piece);
      piece = open + piece;
      open = "";
      if (end >= 0) piece = piece.slice(0, end - shown);
      else if (drawn < request.length && request.until === "paragraph" && piece.endsWith("\n")) {
        open = "\n"; // it stays out of a text that ends here
        piece = piece.slice(0, -1);
      }
      this.show(piece, shown, expected);
      shown += piece.length;
      await new Promise((next) => requestAnimationFrame(next));
    }
    this.stop.hidden = true;
    const same = Array.from(this.same.textContent).length;
    const characters = same + Array.from(this.rest.textContent).length;
    if (this.running !== token) {
      if (!this.running) this.tell("stopped", { count: this.count(characters) });
      return;
    }
    this.running = null;
    if (expected === null) {
      const speed = this.count(Math.round(drawn / seconds / 100) * 100);
      this.tell("written", { count: this.count(characters), speed });
      return;
    }
    const all = Array.from(expected).length;
    if (same === all && same === characters) this.tell("same", { count: this.count(same), all: this.count(all) });
    else this.tell("different", { count: this.count(same + 1) });
  }

  // More of the text, after so much of it: as far as it is the expected one it is marked so.
  show(piece, shown, expected) {
    let same = 0;
    if (expected !== null && !this.rest.hasChildNodes()) {
      while (same < piece.length && piece[same] === expected[shown + same]) same++;
    }
    if (same) this.same.append(piece.slice(0, same));
    if (same < piece.length) {
      this.rest.append(piece.slice(same));
      this.rest.className = expected === null ? "" : "escriba-different";
    }
  }

  // The beginning, character by character: how much each surprises, and what is expected next.
  look() {
    let symbols;
    try {
      symbols = this.model.encode(this.prompt.value);
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      this.tell("unknown", { character: visible(error.character) });
      return;
    }
    if (!this.running) this.status.textContent = "";
    this.running = null; // the kernel has one stream
    const chances = this.model.expect(symbols);
    const from = Math.max(0, symbols.length - SHOWN);
    this.surprise.replaceChildren(...symbols.slice(from).map((symbol, at) => {
      const own = chances[from + at], chance = own[symbol];
      const bits = chance ? -Math.log2(chance) : Infinity;
      const character = visible(this.model.symbols[symbol]);
      const label = say(this.words.bits, { bits: chance ? this.count(bits) : "∞" });
      const level = Math.min(4, Math.floor(bits / 2));
      return make("li", {}, make("button", {
        type: "button", class: `escriba-bits-${level}`, "aria-label": `${character}: ${label}`, title: label,
        onclick: () => this.list(say(this.words.before, { character }), own, symbol),
      }, character));
    }));
    this.list(this.words.next, chances[symbols.length], -1);
  }

  list(title, chances, came) {
    this.title.textContent = title;
    const order = chances.map((_, symbol) => symbol).sort((a, b) => chances[b] - chances[a] || a - b);
    const shown = order.slice(0, CANDIDATES);
    if (came >= 0 && !shown.includes(came)) shown.push(came);
    this.expected.replaceChildren(...shown.map((symbol) => {
      const share = new Intl.NumberFormat(this.words.lang, {
        style: "percent", maximumSignificantDigits: 2,
      }).format(chances[symbol]);
      return make("li", { class: symbol === came ? "escriba-came" : "" },
        make("b", {}, visible(this.model.symbols[symbol])),
        make("meter", { min: 0, max: 1, value: chances[symbol], "aria-hidden": "true" }),
        make("span", {}, share));
    }));
  }
}
