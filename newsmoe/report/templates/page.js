"use strict";
(() => {
  const PAGE = 50;
  const KEYS = ["q", "topic", "sentiment", "genre", "entity", "story", "copies", "outlet", "language", "from", "to", "status", "score", "changed", "article", "sort", "page"];
  const FILTERS = KEYS.filter((key) => key !== "sort" && key !== "page");
  const byId = (id) => document.getElementById(id);
  const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  let articles = [];
  let names = {};
  let shown = [];
  let searches = [];
  const marks = []; // of charts
  const orders = new Map();

  /* The state is in the address. */
  const readState = () => {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const state = {};
    for (const key of KEYS) if (parameters.get(key)) state[key] = parameters.get(key);
    return state;
  };
  const addressOf = (state) => {
    const parameters = new URLSearchParams();
    for (const key of KEYS) if (state[key]) parameters.set(key, state[key]);
    return "#" + parameters;
  };
  const go = (state, replace) => {
    const address = addressOf(state);
    if (address === (location.hash || "#")) return;
    history[replace ? "replaceState" : "pushState"](null, "", address);
    apply();
  };
  const change = (changes, replace) => go({ ...readState(), page: "", ...changes }, replace);

  /* Articles. */
  const unpack = (row, number) => {
    const predictions = new Map();
    for (const [task, label, best, unsure, scores] of row[7]) {
      const all = [];
      for (let at = 0; at < scores.length; at += 2) all.push([names.labels[scores[at]], scores[at + 1] / 1000]);
      const name = names.labels[label];
      predictions.set(names.tasks[task], { label: name, verdict: unsure ? "unsure" : name, score: best === null ? null : best / 1000, unsure, scores: all });
    }
    return {
      number, headline: row[0], summary: row[1], url: row[2], day: row[3], outlet: names.outlets[row[4]], language: names.languages[row[5]],
      status: row[6], predictions, route: row[8].map((index) => names.routes[index]), errors: row[9], others: row[10],
      before: new Map(Object.entries(row[11])), author: row[12], entities: row[13].map((index) => names.entities[index]),
      story: row[14] === null ? null : names.stories[row[14]], copyOf: row[15],
    };
  };
  const verdict = (article, task) => article.predictions.get(task)?.verdict;
  const scoreOf = (article, task) => article.predictions.get(task)?.score ?? -1;
  const scoreFor = (article, label) => article.predictions.get("sentiment")?.scores.find(([name]) => name === label)?.[1] ?? -1;
  const margin = (article) => {
    const scores = article.predictions.get("sentiment")?.scores;
    return scores?.length > 1 ? scores[0][1] - scores[1][1] : 2;
  };
  const text = (key) => (first, second) => first[key].localeCompare(second[key], "en");
  const SORTS = {
    newest: (first, second) => (first.day < second.day ? 1 : first.day > second.day ? -1 : 0),
    oldest: (first, second) => (!first.day - !second.day) || (first.day < second.day ? -1 : first.day > second.day ? 1 : 0),
    headline: text("headline"),
    outlet: text("outlet"),
    negative: (first, second) => scoreFor(second, "negative") - scoreFor(first, "negative"),
    positive: (first, second) => scoreFor(second, "positive") - scoreFor(first, "positive"),
    surest: (first, second) => scoreOf(second, "topic") - scoreOf(first, "topic"),
    closest: (first, second) => margin(first) - margin(second),
  };
  const ordered = (sort) => {
    if (!Object.hasOwn(SORTS, sort ?? "")) return articles;
    if (!orders.has(sort)) orders.set(sort, [...articles].sort((first, second) => SORTS[sort](first, second) || first.number - second.number));
    return orders.get(sort);
  };
  const testsOf = (state) => {
    const tests = [];
    for (const task of ["topic", "sentiment", "genre"]) if (state[task]) tests.push((article) => verdict(article, task) === state[task]);
    for (const key of ["outlet", "language", "status"]) if (state[key]) tests.push((article) => article[key] === state[key]);
    if (state.entity) tests.push((article) => article.entities.includes(state.entity));
    if (state.story) tests.push((article) => article.story?.[0] === state.story);
    if (state.copies) tests.push((article) => typeof article.copyOf !== "number");
    if (state.from) tests.push((article) => article.day >= state.from);
    if (state.to) tests.push((article) => article.day && article.day <= state.to);
    if (state.article) tests.push((article) => String(article.number) === state.article);
    if (state.changed) tests.push((article) => article.before.has(state.changed));
    if (state.score) {
      const [task, from] = state.score.split(":");
      const bin = Math.round(Number(from) * 10);
      tests.push((article) => Math.min(9, Math.floor(scoreOf(article, task) * 10 + 1e-9)) === bin);
    }
    if (state.q) {
      const words = fold(state.q).split(/\s+/).filter(Boolean);
      tests.push((article) => words.every((word) => searches[article.number].includes(word)));
    }
    return tests;
  };
  const select = (state) => {
    const tests = testsOf(state);
    const all = ordered(state.sort);
    return tests.length ? all.filter((article) => tests.every((test) => test(article))) : all;
  };

  /* The list: elements are made one by one, and texts are only ever text. */
  const make = (tag, kind, content) => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (typeof content === "string") element.textContent = content;
    else if (content) element.append(...content);
    return element;
  };
  const textOf = (tag, kind, content) => {
    const element = make(tag, kind, content);
    element.dir = "auto";
    return element;
  };
  const inPage = (said, state) => {
    const link = textOf("a", "", said);
    link.href = addressOf(state);
    return link;
  };
  const moodKind = (mood) => document.querySelector("[data-moods]")?.dataset.moods.split("\n").find((pair) => pair.startsWith(mood + "\t"))?.split("\t")[1] ?? "other0";
  const tagsOf = (article) => {
    const tags = make("div", "tags");
    for (const task of ["topic", "sentiment", "genre"]) {
      const prediction = article.predictions.get(task);
      if (!prediction) continue;
      const score = prediction.score === null ? "" : ` ${prediction.score.toFixed(2)}`;
      const second = prediction.unsure && prediction.scores.length > 1 ? ` or ${prediction.scores[1][0]}` : "";
      const said = prediction.unsure ? `unsure: ${prediction.label}${second}` : prediction.label;
      const parts = task === "sentiment" ? [make("i", `dot ${moodKind(prediction.verdict)}`)] : [];
      tags.append(make("span", "", [...parts, said, make("em", "", prediction.unsure ? "" : score)]));
    }
    if (article.status !== "ok") tags.append(make("span", "bad", article.status));
    return tags;
  };
  const bodyOf = (article) => {
    const left = make("div");
    if (article.summary) left.append(textOf("p", "text", article.summary));
    if (article.url) {
      const link = make("a", "", "Open the article");
      link.href = article.url;
      link.target = "_blank";
      link.rel = "noopener noreferrer nofollow";
      left.append(make("p", "", [link]));
    }
    const list = (title, items) => {
      if (items.length) left.append(make("h4", "", title), make("ul", "", items.map((parts) => make("li", "", parts))));
    };
    if (article.story) list("Story", [[inPage(article.story[1], { story: article.story[0] })]]);
    if (typeof article.copyOf === "number") list("Copy of", [[inPage(articles[article.copyOf].headline, { article: String(article.copyOf) })]]);
    else if (article.copyOf) list("Copy of an article that is not here", [[textOf("span", "", article.copyOf)]]);
    list("Route", article.route.map(([task, expert, , reason]) => [make("b", "", [task, expert || "no expert"].filter(Boolean).join(": ")), reason ? ` (${reason})` : ""]));
    list("Errors", article.errors.map(([stage, type, message, expert]) => [make("b", "bad", type), ` ${[stage, expert].filter(Boolean).join(" ")}: ${message}`]));
    list("Other predictions", article.others.map(([task, said]) => [make("b", "", task), ` ${said}`]));
    list("In the other run", [...article.before].map(([task, said]) => [make("b", "", task), ` ${said}`]));
    const scores = make("div", "scores");
    for (const [task, prediction] of article.predictions) {
      scores.append(make("h4", "", prediction.unsure ? `${task} (unsure)` : task));
      const all = prediction.scores.length ? prediction.scores : [[prediction.label, prediction.score]];
      for (const [label, score] of all) {
        const bar = make("i");
        bar.style.width = `${100 * Math.min(1, score ?? 0)}%`;
        scores.append(make("span", "", label), make("u", "", [bar]), make("em", "", score === null ? "" : score.toFixed(2)));
      }
    }
    return make("div", "body", [left, scores]);
  };
  const rowOf = (article) => {
    const middle = make("div", "", [textOf("h3", "head", article.headline), textOf("div", "teaser", article.summary)]);
    const when = make("div", "when", [textOf("b", "", article.outlet), article.day]);
    const row = make("details", "row", [make("summary", "", [when, middle, tagsOf(article)])]);
    row.addEventListener("toggle", () => row.open && row.children.length === 1 && row.append(bodyOf(article)));
    return make("li", "", [row]);
  };
  const LABELS = { q: "search", article: "article" };
  const chipOf = (key, state) => {
    let said = state[key];
    if (key === "article") said = articles[said]?.headline ?? said;
    if (key === "story") said = names.stories.find(([id]) => id === said)?.[1] ?? said;
    const chip = make("button", "", `${LABELS[key] ?? key}: ${said} ×`);
    chip.type = "button";
    chip.setAttribute("aria-label", `Remove the filter ${key}: ${said}`);
    chip.addEventListener("click", () => { change({ [key]: "" }); byId("count").focus(); });
    return chip;
  };
  const setControl = (control, value) => {
    if (control.tagName === "SELECT" && value && ![...control.options].some((option) => option.value === value)) control.add(new Option(value, value));
    if (control.type === "checkbox") control.checked = Boolean(value);
    else if (document.activeElement !== control || control.tagName === "SELECT") control.value = value;
  };
  const apply = () => {
    const state = readState();
    const active = FILTERS.filter((key) => state[key]);
    shown = select(state);
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    const page = Math.min(pages, Math.max(1, Number.parseInt(state.page ?? "1", 10) || 1));
    byId("rows").replaceChildren(...shown.slice((page - 1) * PAGE, page * PAGE).map(rowOf));
    if (state.article) for (const row of document.querySelectorAll("#rows details")) row.open = true;
    const all = `${articles.length.toLocaleString("en")} articles`;
    const count = (active.length ? `${shown.length.toLocaleString("en")} of ${all}` : all) + (state.copies ? ", copies counted once" : "");
    byId("count").textContent = count;
    byId("pill-count").textContent = count;
    byId("empty").hidden = shown.length > 0;
    byId("chips").replaceChildren(...active.map((key) => chipOf(key, state)));
    byId("clear").hidden = !active.length;
    byId("pager").hidden = pages < 2;
    byId("place").textContent = `Page ${page} of ${pages.toLocaleString("en")}`;
    byId("previous").disabled = page === 1;
    byId("next").disabled = page === pages;
    for (const control of document.querySelectorAll(".tools [name]")) setControl(control, state[control.name] ?? "");
    document.body.classList.toggle("filtered", active.length > 0);
    for (const { link, filters } of marks) {
      const on = active.length > 0 && Object.entries(filters).every(([key, value]) => state[key] === value);
      link.classList.toggle("on", on);
      if (on) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    showParts(active.length > 0);
    showPill();
  };

  /* Taking along what is filtered. */
  const cell = (value) => `"${(/^[=+\-@\t\r]/.test(value) ? "'" + value : value).replaceAll('"', '""')}"`;
  const csv = () => {
    const tasks = names.tasks;
    const told = names.stories.length > 0;
    const originalOf = ({ copyOf }) => (typeof copyOf === "number" ? articles[copyOf].headline : copyOf ?? "");
    const header = ["headline", "outlet", "day", "language", "status", "url", "summary", ...tasks.flatMap((task) => [`${task}_label`, `${task}_score`, `${task}_unsure`]), ...(told ? ["story", "copy_of"] : [])];
    const lines = shown.map((article) => [
      article.headline, article.outlet, article.day, article.language, article.status, article.url, article.summary,
      ...tasks.flatMap((task) => {
        const prediction = article.predictions.get(task);
        return prediction ? [prediction.label, String(prediction.score ?? ""), String(Boolean(prediction.unsure))] : ["", "", ""];
      }),
      ...(told ? [article.story?.[1] ?? "", originalOf(article)] : []),
    ]);
    return "\ufeff" + [header, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  };
  const save = () => {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv;charset=utf-8" }));
    link.download = "articles.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  /* Charts: a click adds to the filters, or takes away; arrow keys go from mark to mark. */
  const markOf = (link) => {
    const title = link.querySelector("title");
    const upright = link.closest(".chart").hasAttribute("data-upright");
    const bars = [...link.querySelectorAll("rect:not(.hit, .swatch)")].map((bar) => ({ bar, part: null }));
    return { link, title, said: title?.textContent, upright, bars, filters: Object.fromEntries(new URLSearchParams(link.getAttribute("href").slice(1))), articles: null };
  };
  const resize = (bars, share, upright) => {
    for (const entry of bars) {
      if (!entry.part) {
        entry.part = entry.bar.cloneNode();
        entry.part.classList.add("part");
        entry.bar.after(entry.part);
      }
      const { bar, part } = entry;
      const height = Number(bar.getAttribute("height"));
      if (!upright) part.setAttribute("width", `${Number.parseFloat(bar.getAttribute("width")) * share}%`);
      else {
        part.setAttribute("height", height * share);
        part.setAttribute("y", Number(bar.getAttribute("y")) + height * (1 - share));
      }
    }
  };
  /* So that the first filter need not wait for all marks. */
  const prepareMarks = (number = 0) => {
    if (number === marks.length) return;
    marks[number].articles ??= select(marks[number].filters);
    setTimeout(prepareMarks, 0, number + 1);
  };
  const showParts = (filtered) => {
    const left = new Uint8Array(articles.length);
    for (const article of shown) left[article.number] = 1;
    for (const mark of marks) {
      if (!mark.title) continue; // a headline
      let said = mark.said;
      if (filtered) {
        mark.articles ??= select(mark.filters);
        const count = mark.articles.reduce((sum, article) => sum + left[article.number], 0);
        resize(mark.bars, count / Math.max(1, mark.articles.length), mark.upright);
        said += `; with the filters: ${count}`;
      }
      mark.title.textContent = said;
    }
  };
  const toggleMark = ({ link, filters }) => {
    change(link.classList.contains("on") ? Object.fromEntries(Object.keys(filters).map((key) => [key, ""])) : filters);
  };
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const startCharts = () => {
    for (const chart of document.querySelectorAll(".chart")) {
      const links = [...chart.querySelectorAll("a")];
      links.forEach((link, index) => {
        const mark = markOf(link);
        marks.push(mark);
        link.setAttribute("tabindex", index ? "-1" : "0");
        link.addEventListener("click", (event) => { event.preventDefault(); toggleMark(mark); });
        link.addEventListener("keydown", (event) => {
          const target = event.key === "Home" ? 0 : event.key === "End" ? links.length - 1 : index + (STEPS[event.key] ?? NaN);
          if (event.key === " ") toggleMark(mark);
          else if (!links[target]) return;
          else {
            link.setAttribute("tabindex", "-1");
            links[target].setAttribute("tabindex", "0");
            links[target].focus();
          }
          event.preventDefault();
        });
      });
    }
  };
  let listVisible = false;
  const showPill = () => { byId("pill").hidden = listVisible || !FILTERS.some((key) => readState()[key]); };
  const start = () => {
    let timer = 0;
    for (const control of document.querySelectorAll(".tools [name]")) {
      if (control.name === "q") {
        control.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => change({ q: control.value.trim() }, true), 60); });
      } else control.addEventListener("change", () => change({ [control.name]: control.type !== "checkbox" || control.checked ? control.value : "" }));
    }
    const clear = () => go({ sort: readState().sort });
    byId("clear").addEventListener("click", () => { clear(); byId("count").focus(); });
    byId("pill-clear").addEventListener("click", clear);
    byId("pill-show").addEventListener("click", () => { byId("articles").scrollIntoView(); byId("count").focus({ preventScroll: true }); });
    byId("csv").addEventListener("click", save);
    const turn = (step) => {
      const state = readState();
      go({ ...state, page: String((Number.parseInt(state.page ?? "1", 10) || 1) + step) });
      byId("articles").scrollIntoView();
    };
    byId("previous").addEventListener("click", () => turn(-1));
    byId("next").addEventListener("click", () => turn(1));
    for (const link of document.querySelectorAll("nav a, .skip")) {
      link.addEventListener("click", (event) => { event.preventDefault(); byId(link.getAttribute("href").slice(1)).scrollIntoView(); });
    }
    for (const link of document.querySelectorAll("a.goto")) link.addEventListener("click", () => setTimeout(() => byId("articles").scrollIntoView(), 0));
    addEventListener("hashchange", apply);
    startCharts();
    for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
    byId("unscripted").hidden = true;
    new IntersectionObserver(([entry]) => { listVisible = entry.isIntersecting; showPill(); }, { rootMargin: "-30% 0px -20% 0px" }).observe(byId("articles"));
    apply();
    setTimeout(prepareMarks, 100);
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  };
  const load = async () => {
    const bytes = Uint8Array.from(atob(byId("packed").textContent), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    names = await new Response(stream).json();
    articles = names.articles.map(unpack);
    searches = articles.map((article) => fold(`${article.headline}\n${article.summary}\n${article.outlet}\n${article.author}`));
    start();
  };
  load().catch((error) => {
    byId("unscripted").textContent = `The full list cannot be shown in this browser (${error.message}); below are the first articles.`;
  });
})();
