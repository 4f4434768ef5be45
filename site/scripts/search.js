// Search the site in Dutch, within the browser: the words that are typed go nowhere.

// Porter's stemmer for Dutch, as Snowball describes it, for words without accents.
// https://snowballstem.org/algorithms/dutch/stemmer.html
export function porter(word) {
  // Upper case marks a y or i that counts as a consonant.
  let w = word.replace(/^y|(?<=[aeiouy])y/g, "Y").replace(/(?<=[aeiouy])i(?=[aeiouy])/g, "I");
  const next = (from) => {
    const found = w.slice(from).search(/[aeiouy][^aeiouy]/);
    return found < 0 ? w.length : from + found + 2;
  };
  const first = next(0);
  const r2 = next(first);
  const r1 = Math.max(first, 3);
  const has = (suffix, region) => w.endsWith(suffix) && w.length - suffix.length >= region;
  const before = (suffix) => w.slice(0, w.length - suffix.length);
  const undouble = () => { w = w.replace(/(kk|dd|tt)$/, (pair) => pair[0]); };
  const dropEn = (suffix) => {
    if (/[^aeiouy]$/.test(before(suffix)) && !before(suffix).endsWith("gem")) {
      w = before(suffix);
      undouble();
    }
  };
  const dropE = () => {
    if (!has("e", r1) || !/[^aeiouy]$/.test(before("e"))) return false;
    w = before("e");
    undouble();
    return true;
  };

  const plural = ["heden", "ene", "en", "se", "s"].find((suffix) => has(suffix, r1));
  if (plural === "heden") w = before(plural) + "heid";
  else if (plural?.endsWith("n") || plural === "ene") dropEn(plural);
  else if (plural && /[^aeiouyj]$/.test(before(plural))) w = before(plural);

  const droppedE = dropE();

  if (has("heid", r2) && !before("heid").endsWith("c")) {
    w = before("heid");
    if (has("en", r1)) dropEn("en");
  }

  const derived = ["baar", "lijk", "bar", "end", "ing", "ig"].find((suffix) => has(suffix, r2));
  if (derived === "end" || derived === "ing") {
    w = before(derived);
    if (has("ig", r2) && !before("ig").endsWith("e")) w = before("ig");
    else undouble();
  } else if (derived === "ig" && !before("ig").endsWith("e")) {
    w = before("ig");
  } else if (derived === "lijk") {
    w = before(derived);
    dropE();
  } else if (derived === "baar" || (derived === "bar" && droppedE)) {
    w = before(derived);
  }
  return undoubleVowel(w).toLowerCase();
}

function undoubleVowel(w) {
  return w.replace(/([^aeiouy])(aa|ee|oo|uu)([^aeiouyI])$/, (_, head, pair, tail) => head + pair[0] + tail);
}

// What Porter leaves: the s of "conferenties", and the t of "betaalt", which has to meet "betalen".
export function stem(word) {
  const singular = word.replace(/(?<=...e)s$/, "");
  return undoubleVowel(porter(singular).replace(/(?<=..[^aeiouyt])t$/, ""));
}

const ACCENTS = /[\u0300-\u036f]/g;
const plain = (text) => text.normalize("NFD").replace(ACCENTS, "").toLowerCase();
export const wordsOf = (text) => plain(text).match(/[a-z0-9]{2,}/g) ?? [];

const STOP = new Set(wordsOf(`
  aan af al als bij dan dat de deze die dit doen door een en er gaat gaan had heb hebben hem het hij
  hoe hun ik in is je jij kan kun kunnen maar me met mij mijn mag moet na naar niet nog nu of om ons
  onze ook op over te tot u uit uw van veel voor waar waarom want wanneer was wat we wel welke wie
  wij wil willen word worden wordt ze zich zij zijn zo
`));

// How much a word counts by where it stands; the fields of a part, as site/search.py writes them.
// A page's title is its first part's; the others bear it so that two words may meet.
const FIRST = { title: 8, words: 3, text: 1 };
const OTHER = { title: 0.5, heading: 4, text: 1 };

export class Index {
  constructor(parts) {
    this.parts = parts;
    this.stems = new Map(); // stem → Map of part → weight
    this.spelling = new Map(); // stem → a word that is really on the site
    parts.forEach((part, number) => {
      for (const [field, weight] of Object.entries(part.heading ? OTHER : FIRST)) {
        const words = wordsOf(part[field] ?? "");
        // Of two titles with a word, the shorter one is more about it.
        const more = field === "title" ? weight / words.length : 0;
        for (const word of words) this.#add(stem(word), word, number, weight + more);
      }
    });
  }

  #add(key, word, number, weight) {
    const found = this.stems.get(key) ?? this.stems.set(key, new Map()).get(key);
    found.set(number, Math.max(found.get(number) ?? 0, weight) + 0.1);
    const known = this.spelling.get(key);
    if (!known || word.length < known.length) this.spelling.set(key, word);
  }

  // The stems that a typed word may mean, each with how sure that is; `typo` when it is not theirs.
  meanings(word) {
    const key = stem(word);
    const find = (sure, typo, test) => {
      const found = [...this.stems.keys()].filter(test);
      return found.length ? { sure: new Map(found.map((one) => [one, sure])), typo } : undefined;
    };
    const within = (steps) => (one) => distance(one, key, steps) <= steps;
    const related = (one) => [one, this.spelling.get(one)]
      .some((form) => contains(form, key) || contains(word, form));
    return find(1, false, (one) => one === key)
      ?? (key.length > 3 ? find(0.3, true, within(1)) : undefined)
      ?? find(0.5, false, related)
      ?? (key.length > 6 ? find(0.3, true, within(2)) : undefined)
      ?? { sure: new Map(), typo: false };
  }

  // The pages that a question finds, best first, and the words that were read in another spelling.
  search(question) {
    const typed = [...new Set(wordsOf(question))];
    const telling = typed.filter((word) => !STOP.has(word));
    const asked = (telling.length ? telling : typed).map((word) => ({ word, ...this.meanings(word) }));
    const scores = new Map(); // part → [number of asked words found, score]
    for (const { sure } of asked) {
      for (const [number, score] of this.#score(sure)) {
        const [count, sum] = scores.get(number) ?? [0, 0];
        scores.set(number, [count + 1, sum + score]);
      }
    }
    const read = asked.filter(({ typo, sure }) => typo && sure.size)
      .map(({ word, sure }) => [word, this.spelling.get(sure.keys().next().value)]);
    const stems = new Set(asked.flatMap(({ sure }) => [...sure.keys()]));
    return { pages: this.#best(scores), read, stems };
  }

  #score(sure) {
    const best = new Map();
    for (const [key, factor] of sure) {
      const found = this.stems.get(key);
      const rare = Math.log(1 + this.parts.length / found.size);
      for (const [number, weight] of found) {
        best.set(number, Math.max(best.get(number) ?? 0, weight * rare * factor));
      }
    }
    return best;
  }

  // Of each page its best part; a part with more of the asked words comes first.
  #best(scores) {
    const ranked = [...scores].sort(([, a], [, b]) => b[0] - a[0] || b[1] - a[1]);
    const most = ranked[0]?.[1][0];
    const pages = new Map();
    for (const [number, [count]] of ranked) {
      const part = this.parts[number];
      const page = part.address.split("#")[0] + (part.entry ? part.heading : "");
      if (count === most && !pages.has(page)) pages.set(page, part);
    }
    return [...pages.values()];
  }
}

const contains = (long, short) => short.length > 3 && (long.startsWith(short) || long.endsWith(short));

// How many letters differ, a swap of neighbours counted once; anything over `limit` is just that.
export function distance(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.length][b.length];
}

// A piece of the text around the first word that was asked for, with such words made strong.
function excerpt(text, stems) {
  const pieces = text.split(/([\p{L}\p{N}]+)/u);
  const meant = pieces.map((piece, at) => at % 2 === 1 && stems.has(stem(plain(piece))));
  const at = Math.max(meant.indexOf(true), 0);
  const from = at < 30 ? 0 : at - 14;
  const shown = pieces.slice(from, from + 56).map((piece, offset) => {
    if (!meant[from + offset]) return piece;
    const strong = document.createElement("strong");
    strong.textContent = piece;
    return strong;
  });
  return [from ? "… " : "", ...shown, from + 56 < pieces.length ? " …" : ""];
}

function result(part, stems) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = part.address;
  link.textContent = part.heading || part.title;
  const where = document.createElement("span");
  where.className = "found__where";
  where.textContent = part.heading ? part.title : "";
  const text = document.createElement("p");
  text.append(...excerpt(part.text ?? "", stems));
  item.append(link, " ", where, text);
  return item;
}

function say(question, pages, read) {
  const asked = read.reduce((text, [word, meant]) => `${text} (gelezen als: ${meant})`, question);
  if (!pages.length) return `Niets gevonden voor: ${question}`;
  return `${pages.length === 1 ? "1 resultaat" : `${pages.length} resultaten`} voor: ${asked}`;
}

const KEY = "zoek";

function start(form) {
  const field = form.elements.namedItem("q");
  const status = document.getElementById("gevonden-status");
  const list = document.getElementById("gevonden");
  const nothing = document.getElementById("niets-gevonden");
  let index;

  // The index comes when somebody shows that they will search, and once.
  const load = () => (index ??= import(form.dataset.index).then((file) => new Index(file.default)));

  const show = async () => {
    const asked = new URLSearchParams(location.hash.slice(1)).get(KEY);
    const question = (asked ?? "").trim();
    field.value = question || field.value;
    if (!wordsOf(question).length) {
      list.replaceChildren();
      nothing.hidden = true;
      status.textContent = asked === null ? "" : "Typ een woord van twee of meer letters.";
      return;
    }
    const { pages, read, stems } = (await load()).search(question);
    list.replaceChildren(...pages.map((part) => result(part, stems)));
    nothing.hidden = pages.length > 0;
    status.textContent = say(question, pages, read);
  };

  field.addEventListener("focus", load, { once: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Behind a # it stays in the browser, and back, forward and bookmarks work.
    const hash = `#${new URLSearchParams({ [KEY]: field.value.trim() })}`;
    if (hash === location.hash) show();
    else location.hash = hash;
  });
  window.addEventListener("hashchange", show);
  form.hidden = false;
  show();
}

const form = document.getElementById("zoek");
if (form) start(form);
