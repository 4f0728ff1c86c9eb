// A closed panel in the place of each playground. What it needs is fetched when it is first opened.
// An element of its own works wherever a script has put the page, as instant navigation does. All
// files lie beside this one.
const address = (name) => new URL(name, import.meta.url).href;

// A box that might scroll is a tab stop in the page; here it is one while it does.
const BOXES = "pre[tabindex], .scroll[tabindex]";
const boxes = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else if (target !== document.activeElement) target.removeAttribute("tabindex");
  }
});

class Playground extends HTMLElement {
  #panel;

  connectedCallback() {
    for (const box of document.querySelectorAll(BOXES)) boxes.observe(box);
    this.replaceChildren(this.#panel ??= this.#make());
  }

  #make() {
    const words = JSON.parse(this.dataset.words);
    const details = document.createElement("details");
    details.className = "escriba-panel";
    const summary = document.createElement("summary");
    summary.textContent = words.open;
    details.append(summary);
    details.addEventListener("toggle", async () => {
      const own = document.getElementById("escriba-playground").dataset;
      const { fill } = await import(address(own.panel));
      await fill(details, {
        words,
        request: JSON.parse(this.dataset.request),
        lang: this.dataset.textLang,
        sample: this.previousElementSibling?.querySelector(".escriba-text"),
        kernel: address(own.kernel),
        model: address(this.dataset.model),
      });
    }, { once: true });
    return details;
  }
}

if (!customElements.get("escriba-playground")) {
  customElements.define("escriba-playground", Playground);
}
