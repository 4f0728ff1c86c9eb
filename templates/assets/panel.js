// The panel of a playground: the kernel and a model in the reader's browser, with the very integers
// of the build. docs/exact-sampling.md describes the kernel, its image, and the arithmetic.

const FRAME = 6; // milliseconds of writing between two looks at the page
const ALL = 1000000; // top-p in millionths: all symbols
const CANDIDATES = 6; // shown of what is expected
const SHOWN = 60; // characters of the beginning whose surprise is shown, at most
const KEPT = 32; // symbols of the beginning between two states that are kept
const MOST_SEED = 2n ** 64n - 1n;

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
    // The end of a document, if the model knows one, and what is read before a text.
    this.mark = this.indices.get(this.ofBytes ? "\xff" : "\uffff");
    this.start = this.mark ?? this.indices.get("\n") ?? 0;
    this.image = kernel.heap();
    this.reserve(this.image + image.length);
    new Uint8Array(kernel.memory.buffer).set(image, this.image);
    this.typed = this.image + kernel.room(this.image); // the stream that reads what is typed
    this.free = this.typed + pad(kernel.stream_size(this.image));
    this.reserve(this.free);
    kernel.prepare(this.image);
    this.read = []; // the symbols that it has read
    this.chances = []; // before each of them, and after them all
    this.states = []; // of the stream, after each KEPT of them
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

  // A symbol as the reader sees it alone.
  name(index) {
    return index === this.mark ? "␃" : visible(this.symbols[index]);
  }

  // What makes text of symbols that come in pieces; half a character waits for its other half. A
  // document's end is the end of a line.
  reader() {
    const read = (index) => (index === this.mark ? "\n" : this.symbols[index]);
    if (!this.ofBytes) return (indices) => indices.map(read).join("");
    const decoder = new TextDecoder();
    return (indices, last) => {
      const bytes = Uint8Array.from(indices, (index) => read(index).charCodeAt(0));
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
  // arrays of chances. Before the first there is what is before every text. Of symbols that
  // begin like those of the last call only the others are read.
  expect(symbols) {
    let same = 0;
    while (same < symbols.length && symbols[same] === this.read[same]) same++;
    if (same < this.read.length || !this.chances.length) this.rewind(same);
    for (const symbol of symbols.slice(this.read.length)) this.feed(symbol);
    return this.chances;
  }

  // Goes back to the last state that was kept among the first so many symbols.
  rewind(count) {
    const last = Math.floor(count / KEPT);
    const [symbols, begun] = [this.read.slice(0, count), this.states.length > last];
    if (begun) this.stream.set(this.states[last]);
    this.states.length = begun ? last + 1 : 0;
    this.read.length = begun ? last * KEPT : 0;
    this.chances.length = begun ? last * KEPT + 1 : 0;
    if (!begun) {
      this.kernel.start(this.image, this.typed, 0, 1, 0, 0, 0n, 1000, 0, ALL, 0);
      this.take(this.start);
    }
    for (const symbol of symbols.slice(this.read.length)) this.feed(symbol);
  }

  feed(symbol) {
    this.read.push(symbol);
    this.take(symbol);
  }

  take(symbol) {
    this.kernel.feed(this.image, this.typed, symbol);
    const at = this.kernel.weights(this.image, this.typed);
    const weights = Array.from(new Uint32Array(this.kernel.memory.buffer, at, this.symbols.length));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.chances.push(weights.map((weight) => weight / total));
    if (this.read.length % KEPT === 0) this.states.push(this.stream.slice());
  }

  get stream() {
    return new Uint8Array(this.kernel.memory.buffer, this.typed, this.kernel.stream_size(this.image));
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
    if (this.until === "document") return -1; // it is a mark, and no text
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

// A beginning and what is written after it, laid out as the build lays out a sample. It comes in
// pieces, and each is put in once. A character is of the prompt, or different from one that was
// expected, or neither.
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]/u;
const PROMPT = "escriba-prompt", DIFFERENT = "escriba-different";

class Passage {
  constructor(place, show, lang, title) {
    this.prose = show !== "code" && show !== "verbatim";
    this.title = title;
    const attributes = { class: "escriba-text", lang: lang || false, tabindex: show === "code" && 0 };
    this.box = make(this.prose ? "blockquote" : "pre", attributes);
    if (!this.prose) {
      this.box.translate = false;
      this.box.append(make("samp"));
    }
    this.holder = this.box.lastChild; // the paragraph being written; none before it begins
    this.gap = []; // in prose, a line's end and the blanks after it, which may part paragraphs
    this.text = ""; // is to be put into `run`, whose characters are of one `kind`
    this.run = this.kind = null;
    place.className = `escriba-written escriba-${show}`;
    place.replaceChildren(show === "code" ? make("div", { class: "highlight" }, this.box) : this.box);
  }

  // Puts in one character.
  add(character, kind) {
    if (!this.prose) return this.put(character, kind);
    const inside = this.gap.length > 0;
    if (character === "\n" && (inside || !this.holder)) {
      this.end();
    } else if (character === "\n" || ((inside || !this.holder) && /[ \t]/.test(character))) {
      this.gap.push([character, kind]);
    } else {
      if (!this.holder) this.box.append((this.holder = make("p")));
      for (const each of this.gap) this.put(...each);
      this.gap = [];
      this.put(character, kind);
    }
  }

  // A blank line: the paragraph before it, if there is one, is whole.
  end() {
    this.flush();
    this.holder = this.kind = null;
    this.gap = [];
  }

  put(character, kind) {
    if (kind !== this.kind) {
      this.flush();
      this.kind = kind;
      this.run = this.holder;
      if (kind) {
        const title = kind === PROMPT && this.title;
        this.holder.append((this.run = make(kind === DIFFERENT ? "mark" : "span", { class: kind, title })));
      }
    }
    if (CONTROL.test(character)) {
      this.flush();
      this.run.append(make("data", { class: "escriba-control", value: character.codePointAt(0) },
        picture(character.codePointAt(0))));
    } else this.text += character;
  }

  // What was put in is to be seen.
  flush() {
    if (this.text) this.run.append(this.text);
    this.text = "";
  }
}

function picture(code) {
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "\u2421" : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

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
  constructor(details, status, model, { words, request, lang, sample }) {
    Object.assign(this, { status, model, words, lang, sample, published: request });
    this.number = new Intl.NumberFormat(words.lang, { maximumFractionDigits: 1 });
    const field = (name, control) =>
      make("label", {}, make("span", {}, words[name]), control);
    this.prompt = make("textarea", { rows: 2, spellcheck: "false", oninput: () => this.look() });
    this.prompt.value = request.prompt;
    if (lang) this.prompt.lang = lang;
    this.temperature = make("input", {
      type: "number", min: 0, max: 100, step: 0.001, required: true, value: request.temperature / 1000,
    });
    this.seed = make("input", {
      type: "text", inputmode: "numeric", pattern: "[0-9]{1,20}", required: true, value: request.seed,
    });
    this.length = make("input", {
      type: "number", min: 1, max: 100000, step: 1, required: true, value: request.length,
    });
    this.endings = ["sentence", "paragraph", ...(model.mark === undefined ? [] : ["document"])];
    this.until = make("select", {}, ...["none", ...this.endings].map((name) =>
      make("option", { value: name === "none" ? "" : name, selected: name === request.until },
        words[`until-${name}`])));
    this.output = make("div", { class: "escriba-written", role: "group", "aria-label": words.output, hidden: true });
    this.surprise = make("div", {
      class: "escriba-surprise", role: "toolbar", "aria-label": words.surprise,
      onkeydown: (event) => this.walk(event),
    });
    this.title = make("p", { class: "escriba-expected" });
    this.expected = make("ol", { class: "escriba-next" });
    this.guesses = make("div", { class: "escriba-guesses" }, this.title, this.expected);
    this.stop = make("button", { type: "button", hidden: true, onclick: () => (this.running = null) },
      words.stop);
    this.form = make("form", { class: "escriba-form", onsubmit: (event) => this.write(event) },
      field("prompt", this.prompt), this.surprise, this.guesses,
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
    if (BigInt(this.seed.value) > MOST_SEED) {
      this.tell("seed-range", { most: MOST_SEED });
      return null;
    }
    const symbols = this.encode();
    if (!symbols) return null;
    const { topK, topP, minP } = this.published;
    return {
      prompt: this.model.ofBytes ? this.prompt.value : this.prompt.value.normalize("NFC"),
      symbols: symbols.length ? symbols : [this.model.start],
      length: Number(this.length.value),
      until: this.until.value || null,
      temperature: Math.round(Number(this.temperature.value) * 1000),
      seed: this.seed.value,
      topK, topP, minP,
    };
  }

  // The beginning in symbols; null if the model does not know one of its characters, which is said.
  encode() {
    try {
      return this.model.encode(this.prompt.value);
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
    this.until.value = this.endings.includes(until) ? until : "";
    this.look();
    await this.run(this.published, this.published.text);
  }

  // Writes, a little in each frame; compares with a text if there is one.
  async run(request, expected) {
    const token = (this.running = {});
    this.output.hidden = this.stop.hidden = false;
    this.status.textContent = "";
    const passage = new Passage(this.output, this.published.show, this.lang, this.words.title);
    for (const character of request.prompt) passage.add(character, PROMPT);
    passage.flush();
    const wanted = expected === null ? null : Array.from(expected);
    let written = 0, different = -1; // characters so far, and which is the first that is not expected
    const show = (piece) => {
      for (const character of piece) {
        const same = !wanted || character === wanted[written];
        if (!same && different < 0) different = written;
        passage.add(character, same ? "" : DIFFERENT);
        written++;
      }
      passage.flush();
    };
    const draw = this.model.begin(request), read = this.model.reader();
    const ending = new Ending(request.until);
    let drawn = 0, shown = 0, open = "", end = -1, over = false, seconds = 0, steps = 8;
    while (drawn < request.length && end < 0 && !over && this.running === token) {
      const begun = performance.now();
      const until = begun + FRAME;
      let piece = "";
      do {
        let symbols = draw(steps);
        drawn += symbols.length;
        const mark = request.until === "document" ? symbols.indexOf(this.model.mark) : -1;
        over = mark >= 0;
        if (over) symbols = symbols.slice(0, mark);
        piece += read(symbols, over || drawn >= request.length);
      } while (performance.now() < until && drawn < request.length && !over);
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
      show(piece);
      shown += piece.length;
      await new Promise((next) => requestAnimationFrame(next));
    }
    this.stop.hidden = true;
    if (this.running !== token) {
      if (!this.running) this.tell("stopped", { count: this.count(written) });
      return;
    }
    this.running = null;
    if (!wanted) {
      const speed = this.count(Math.round(drawn / seconds / 100) * 100);
      this.tell("written", { count: this.count(written), speed });
    } else if (different < 0 && written === wanted.length) {
      this.adorn(passage.box);
      this.tell("same", { count: this.count(written), all: this.count(wanted.length) });
    } else this.tell("different", { count: this.count((different < 0 ? written : different) + 1) });
  }

  // The same text in the same layout: formulas and the colours of code, which only the build can
  // make, are those of the published sample.
  adorn(box) {
    const { show } = this.published;
    if (!this.sample || (show !== "math" && show !== "code")) return;
    if (show === "math" || this.sample.textContent === box.textContent) {
      box.replaceChildren(...this.sample.cloneNode(true).childNodes);
    }
  }

  // The beginning, character by character: how much each surprises, and what is expected next.
  look() {
    const symbols = this.encode();
    if (!symbols) return;
    if (!this.running) this.status.textContent = "";
    this.running = null; // what is being written began otherwise
    const chances = this.model.expect(symbols);
    const from = Math.max(0, symbols.length - SHOWN);
    this.surprise.replaceChildren(...symbols.slice(from).map((symbol, at) => {
      const own = chances[from + at], chance = own[symbol];
      const bits = chance ? -Math.log2(chance) : Infinity;
      const character = this.model.name(symbol);
      const label = say(this.words.bits, { bits: chance ? this.count(bits) : "∞" });
      const level = Math.min(4, Math.floor(bits / 2));
      return make("button", {
        type: "button", class: `escriba-bits-${level}`, "aria-label": `${character}: ${label}`, title: label,
        tabindex: at ? -1 : 0, onclick: () => {
          this.guesses.ariaLive = "polite"; // not while the reader types
          this.list(say(this.words.before, { character }), own, symbol);
        },
      }, character);
    }));
    this.guesses.ariaLive = "off";
    this.list(this.words.next, chances[symbols.length], -1);
  }

  // The letters are one tab stop: arrows go from one to the next.
  walk(event) {
    const letters = Array.from(this.surprise.children);
    const at = letters.indexOf(event.target.closest("button"));
    const forward = getComputedStyle(this.surprise).direction === "rtl" ? -1 : 1;
    const to = {
      ArrowLeft: at - forward, ArrowRight: at + forward, ArrowUp: at - 1, ArrowDown: at + 1,
      Home: 0, End: letters.length - 1,
    }[event.key];
    if (to === undefined || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = letters[Math.max(0, Math.min(to, letters.length - 1))];
    for (const letter of letters) letter.tabIndex = letter === next ? 0 : -1;
    next.focus();
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
      const bar = make("i", { class: "escriba-bar", "aria-hidden": "true" }, make("i"));
      bar.firstChild.style.inlineSize = `${100 * chances[symbol]}%`;
      return make("li", { class: symbol === came ? "escriba-came" : "" },
        make("b", {}, this.model.name(symbol)), bar, make("span", {}, share));
    }));
  }
}
