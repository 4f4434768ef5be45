// A list of people that draws itself as a circle around "ik". It stays in this page's memory:
// nothing is stored or sent, and leaving the page wipes it.
const SVG = "http://www.w3.org/2000/svg";
const FITS = 8;

const form = document.getElementById("kring");
const field = document.getElementById("kring-naam");
const error = document.getElementById("kring-naam-fout");
const status = document.getElementById("kring-status");
const list = document.getElementById("kring-lijst");
const title = document.getElementById("eigen-kring-titel");
const empty = title.textContent;
const places = [...form.elements.plek].map(({ value, labels }) => ({
  key: value,
  name: labels[0].textContent,
  petal: document.querySelector(`[data-place="${value}"]`),
  people: [],
}));

function make(tag, text, attributes = {}, space = "http://www.w3.org/1999/xhtml") {
  const element = document.createElementNS(space, tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function drawPetal({ petal, people }) {
  for (const old of petal.querySelectorAll(".petal__name")) old.remove();
  petal.querySelector(".petal__lines").setAttribute("display", people.length ? "none" : "inline");
  // More than four stand in two columns, in smaller letters; the list has every name in full.
  const two = people.length > 4;
  const longest = two ? 8 : 16;
  people.forEach((name, number) => {
    const row = two ? Math.floor(number / 2) : number;
    const x = two ? (number % 2 ? 54 : -54) : 0;
    const letters = [...name];
    const short = letters.length > longest ? `${letters.slice(0, longest - 1).join("")}…` : name;
    const attributes = { class: "petal__name", x, y: -22 + row * 32, "font-size": two ? 20 : 25 };
    petal.append(make("text", short, attributes, SVG));
  });
}

function drawList() {
  list.replaceChildren(...places.flatMap((place) => place.people.map((name) => {
    const item = make("li", "");
    const button = make("button", "Haal weg", { class: "button button--secondary", type: "button" });
    button.append(make("span", ` ${name}`, { class: "visually-hidden" }));
    button.addEventListener("click", () => remove(place, name));
    const words = make("span", "");
    words.append(make("strong", name), ` (${place.name})`);
    item.append(words, button);
    return item;
  })));
}

function draw() {
  places.forEach(drawPetal);
  drawList();
  const filled = places.filter(({ people }) => people.length);
  const told = filled.map(({ name, people }) => `${name}: ${people.join(", ")}`).join("; ");
  title.textContent = told ? `Mijn kring, met ik in het midden. ${told}.` : empty;
}

const count = () => places.reduce((sum, { people }) => sum + people.length, 0);
const howMany = () => (count() === 1 ? "Er staat nu 1 mens in." : `Er staan nu ${count()} mensen in.`);

function complain(text) {
  error.hidden = !text;
  error.textContent = text;
  field.toggleAttribute("aria-invalid", Boolean(text));
  if (text) field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", text ? "kring-naam-uitleg kring-naam-fout" : "kring-naam-uitleg");
}

function add(place, name) {
  if (!name) return "Vul een naam in, of wie het is";
  if (place.people.includes(name)) return `${name} staat al bij ${place.name}`;
  if (place.people.length >= FITS) return `Bij ${place.name} is de kring vol. Haal eerst iemand weg`;
  place.people.push(name);
  draw();
  status.textContent = `${name} staat in je kring, bij ${place.name}. ${howMany()}`;
  return "";
}

function remove(place, name) {
  const at = [...list.querySelectorAll("button")].indexOf(document.activeElement);
  place.people = place.people.filter((one) => one !== name);
  draw();
  status.textContent = `${name} is weg uit je kring. ${howMany()}`;
  const buttons = list.querySelectorAll("button");
  (buttons[Math.min(at, buttons.length - 1)] ?? field).focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const place = places.find(({ key }) => key === form.elements.plek.value);
  const fault = add(place, field.value.trim().replace(/\s+/g, " "));
  complain(fault);
  if (!fault) field.value = "";
  field.focus();
});

// A browser may keep a page that was left, to show it again at once: the next one at a shared
// computer would read it.
window.addEventListener("pagehide", () => {
  for (const place of places) place.people = [];
  form.reset();
  status.textContent = "";
  draw();
});

form.hidden = false;
