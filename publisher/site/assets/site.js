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

  // A chart as PNG, drawn by the browser from the SVG file, three times its size, on paper also for who reads at night. Pages opened from
  // a disk may not read files.
  for (const button of document.querySelectorAll("button.png")) {
    button.hidden = location.protocol === "file:";
    button.addEventListener("click", async () => {
      const text = (await (await fetch(button.dataset.svg)).text()).replace("(prefers-color-scheme:dark)", "not all");
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
    const read = async (address) => {
      const {pages, more} = await (await fetch(address)).json();
      const others = await Promise.all(more.slice(0, 40).map((key) => read(root + key).catch(() => [])));
      return [...pages.map((item) => [...item, plain(item[0])]), ...others.flat()];
    };
    box.addEventListener("input", async () => {
      const words = plain(box.value).split(/\s+/).filter(Boolean);
      index ??= read(box.dataset.index);
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

  // The public record of runs; where there is none, what the page says already stays. The state is that of now, since who wrote the
  // record may have died since.
  const places = [...document.querySelectorAll("[data-status]")];
  const record = document.querySelector("[data-url]");
  if (places.length && record) {
    const words = JSON.parse(record.dataset.words || "{}");
    const line = (parent, name, text) => {
      const element = document.createElement(name);
      element.textContent = text;
      parent.append(element);
      return element;
    };
    const time = (parent, text) => {
      // The day before the month, as the pages write it, and whose clock it is.
      const language = document.documentElement.lang.replace(/^en$/, "en-GB");
      const when = new Date(text).toLocaleString(language, {day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short", numberingSystem: "latn"});
      line(parent, "time", when).dateTime = text;
    };
    const state = (item) => {
      const begun = (name) => item[name] && new Date(item[name]) <= new Date();
      if (!item.due_from) return "unscheduled";
      return ["delinquent", "overdue", "due"].find((name) => begun(`${name}_from`)) || "fresh";
    };
    const parts = {
      state: (place, item) => line(place, "strong", words[state(item)] || state(item)).classList.toggle("warn", ["overdue", "delinquent"].includes(state(item))),
      success: (place, item) => item.last_success && time(place, item.last_success),
      next: (place, item) => item.next_due && time(place, item.next_due),
      attempt: (place, item) => {
        const last = item.last_attempt;
        if (!last) return;
        time(place, last.at);
        line(place, "p", words[last.outcome] || last.outcome);
        if (last.findings?.length) line(place, "p", `${words.errors} ${last.findings.map((found) => `${found.table} ${found.type} ${found.count}`).join(", ")}`);
        else if (last.message) Object.assign(line(place, "p", last.message), {lang: "en", dir: "ltr"});
      },
    };
    fetch(record.dataset.url).then((answer) => (answer.ok ? answer.json() : null)).then((status) => {
      const told = Object.fromEntries((status?.packages ?? []).map((item) => [item.name, item]));
      for (const place of places) {
        const item = told[place.dataset.status];
        const made = document.createElement(place.tagName);
        if (item) parts[place.dataset.part](made, item);
        if (made.childNodes.length) place.replaceChildren(place.dataset.before ?? "", " ", ...made.childNodes);
      }
      const checked = document.querySelector("[data-checked]");
      if (checked && status?.checked) {
        time(checked, status.checked);
        checked.parentElement.hidden = false;
      }
    }).catch(() => {});
  }
})();
