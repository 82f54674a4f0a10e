// What a page gains from a script: tables filter and sort, text is copied, a chart becomes a PNG, the state of the service is shown.
// Everything is there without it.
(() => {
  "use strict";
  const root = new URL(document.documentElement.dataset.root, location.href).href;
  const nowhere = "https://ADDRESS-OF-THIS-SITE/";

  // Snippets name the site's address where it was not known when they were written.
  for (const code of document.querySelectorAll("pre code")) {
    if (code.textContent.includes(nowhere)) code.textContent = code.textContent.split(nowhere).join(root);
  }

  const copy = async (button, text) => {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = before; }, 2000);
    } catch {
      const box = button.parentElement.querySelector("pre");
      if (box) getSelection().selectAllChildren(box);
    }
  };
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", () => copy(button, button.dataset.text ?? button.parentElement.querySelector("code").textContent));
  }

  // Tables. The address holds the view: ?q=word&kind=pledge&sort=-date_earliest
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f\u064b-\u0652\u0640]/g, "").toLowerCase();
  const setUp = (form) => {
    const table = document.getElementById(form.dataset.for);
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const names = heads.map((head) => head.dataset.name);
    const rows = [...body.rows];
    const stored = (cell) => cell.dataset.v ?? (cell.querySelector(".none") ? "" : cell.textContent);
    const texts = rows.map((row) => plain(row.textContent));
    const count = form.querySelector(".count");
    const collator = new Intl.Collator(document.documentElement.lang, {numeric: true});
    let sort = "";

    const state = () => {
      const found = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (value) found.set(name, value);
      if (sort) found.set("sort", sort);
      return found;
    };
    const show = (remember) => {
      const wanted = new FormData(form);
      const words = plain(wanted.get("q") || "").split(/\s+/).filter(Boolean);
      const filters = [...wanted].filter(([name, value]) => name !== "q" && value).map(([name, value]) => [names.indexOf(name), value]);
      let shown = 0;
      rows.forEach((row, number) => {
        const fits = words.every((word) => texts[number].includes(word))
          && filters.every(([column, value]) => stored(row.cells[column]) === value);
        row.hidden = !fits;
        shown += fits;
      });
      count.textContent = shown ? count.dataset.text.replace("{n}", shown).replace("{all}", rows.length) : count.dataset.none;
      if (remember) {
        const query = state().toString();
        history.replaceState(null, "", location.pathname + (query ? `?${query}` : "") + location.hash);
      }
    };
    const order = (name, remember) => {
      sort = name;
      const column = names.indexOf(name.replace(/^-/, ""));
      const sign = name.startsWith("-") ? -1 : 1;
      heads.forEach((head, number) => {
        if (number === column && name) head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      const keys = new Map(rows.map((row) => [row, column < 0 ? "" : (row.cells[column].querySelector(".none") ? "" : row.cells[column].textContent)]));
      const sorted = column < 0 ? rows : [...rows].sort((one, other) => {
        const [a, b] = [keys.get(one), keys.get(other)];
        return a === "" || b === "" ? (a === "") - (b === "") : sign * collator.compare(a, b);
      });
      body.append(...sorted);
      show(remember);
    };

    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => order(sort === head.dataset.name ? `-${head.dataset.name}` : head.dataset.name, true));
    }
    form.hidden = false;
    form.addEventListener("input", () => show(true));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => order("", true)));
    const link = form.querySelector(".copy-link");
    link.addEventListener("click", () => copy(link, location.href));
    link.hidden = !navigator.clipboard;

    const asked = new URLSearchParams(location.search);
    for (const [name, value] of asked) {
      const field = form.elements.namedItem(name);
      if (field && "value" in field) {
        field.value = value;
        const more = field.closest("details");
        if (more) more.open = true;
      }
    }
    order(asked.get("sort") || "", false);
    if (location.hash) {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (target && body.contains(target)) target.scrollIntoView({block: "center"});
    }
  };
  for (const form of document.querySelectorAll("form.filters")) setUp(form);

  // A chart as PNG, drawn by the browser from the SVG file, three times its size.
  for (const button of document.querySelectorAll("button.png")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = await (await fetch(button.dataset.svg)).text();
      const image = new Image();
      image.src = URL.createObjectURL(new Blob([text], {type: "image/svg+xml"}));
      await image.decode();
      const canvas = document.createElement("canvas");
      const scale = Math.max(1, Math.min(3, 2400 / image.width));
      canvas.width = image.width * scale;
      canvas.height = image.height * scale;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      const link = document.createElement("a");
      link.href = canvas.toDataURL("image/png");
      link.download = `${button.dataset.name}.png`;
      link.click();
      URL.revokeObjectURL(image.src);
    });
  }

  // The search of the home page.
  const box = document.querySelector("input[data-index]");
  if (box) {
    box.form.hidden = false;
    box.form.addEventListener("submit", (event) => event.preventDefault());
    const list = document.getElementById("found");
    let index;
    box.addEventListener("input", async () => {
      const words = plain(box.value).split(/\s+/).filter(Boolean);
      index ??= fetch(box.dataset.index).then((answer) => answer.json()).then((items) => items.map((item) => [...item, plain(item[0])]));
      const items = words.length ? (await index).filter((item) => words.every((word) => item[3].includes(word))).slice(0, 12) : [];
      list.replaceChildren(...items.map(([name, place, key]) => {
        const line = document.createElement("li");
        const link = document.createElement("a");
        link.href = root + key.split("/").map(encodeURIComponent).join("/");
        link.textContent = name;
        const where = document.createElement("span");
        where.textContent = place;
        line.append(link, where);
        return line;
      }));
      if (words.length && !items.length) {
        const line = document.createElement("li");
        line.textContent = box.dataset.none;
        list.append(line);
      }
    });
  }

  // The public record of the last run; where there is none, what the page says already stays.
  const places = [...document.querySelectorAll("[data-status]")];
  if (places.length) {
    fetch(places[0].dataset.url).then((answer) => (answer.ok ? answer.json() : null)).then((status) => {
      const packages = status?.packages ?? {};
      const told = Array.isArray(packages) ? Object.fromEntries(packages.map((item) => [item.name, item])) : packages;
      for (const place of places) {
        const item = told[place.dataset.status];
        const value = item && {state: item.state, success: item.last_success, next: item.next_due}[place.dataset.part];
        const text = value && typeof value === "object" ? value.at ?? value.time : value;
        if (text) place.textContent = /^\d{4}-\d\d-\d\dT/.test(text) ? new Date(text).toLocaleString(document.documentElement.lang, {dateStyle: "long", timeStyle: "short", numberingSystem: "latn"}) : text;
      }
    }).catch(() => {});
  }
})();
