// Puts a closed panel under each playground. What it needs is fetched when it is first opened.
const own = document.getElementById("escriba-playground").dataset;
const address = (path, base = document.baseURI) => new URL(path, base).href;

for (const place of document.querySelectorAll(".escriba-playground")) {
  const words = JSON.parse(place.dataset.words);
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = words.open;
  details.append(summary);
  place.append(details);
  details.addEventListener("toggle", async () => {
    const { fill } = await import(address(own.panel));
    await fill(details, {
      words,
      request: JSON.parse(place.dataset.request),
      lang: place.dataset.textLang,
      kernel: address(own.kernel),
      model: address(place.dataset.model, address(own.models)),
    });
  }, { once: true });
}
