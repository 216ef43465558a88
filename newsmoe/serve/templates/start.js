"use strict";
// Texts of articles only ever become text nodes: the policy of this page allows no other way.
const $ = (id) => document.getElementById(id);
const MAX_CARDS = 500;
const MAX_ENTITIES = 12;

function element(tag, kind, ...children) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").className = bad ? "sub bad" : "sub";
}

function headers(more = {}) {
  const token = $("token");
  return token ? { ...more, Authorization: `Bearer ${token.value}` } : more;
}

async function problem(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `the server answered ${response.status}`;
  }
}

// Plain text is one article; if its first line stands alone and is short, that is the headline.
function body(text) {
  const trimmed = text.trim();
  if (/^[[{<]/.test(trimmed)) return { data: text, type: "" };
  const split = /^([^\n]{1,300})\n\s*\n([^]*)$/.exec(trimmed);
  const article = split ? { headline: split[1], content: split[2] } : { content: trimmed };
  return { data: JSON.stringify(article), type: "application/json" };
}

const TYPES = { csv: "text/csv", tsv: "text/tab-separated-values", jsonl: "application/x-ndjson", ndjson: "application/x-ndjson" };

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
  if (rest) yield rest;
}

let running = null;

async function analyze(data, type) {
  if (running) return;
  running = new AbortController();
  const records = [];
  $("records").replaceChildren();
  $("report").hidden = true;
  $("send").disabled = true;
  $("stop").hidden = false;
  say("Reading…");
  try {
    const response = await fetch("/v1/analyze", {
      method: "POST",
      body: data,
      headers: headers({ Accept: "application/x-ndjson", ...(type ? { "Content-Type": type } : {}) }),
      signal: running.signal,
    });
    if (!response.ok) throw new Error(await problem(response));
    $("results").hidden = false;
    for await (const line of lines(response.body)) {
      const record = JSON.parse(line);
      if (record.error) throw new Error(record.error.message);
      records.push(record);
      if (records.length <= MAX_CARDS) $("records").append(card(record));
      say(`${records.length} ${records.length === 1 ? "article" : "articles"} so far`);
    }
    const notices = response.headers.get("Newsmoe-Notices");
    const more = records.length > MAX_CARDS ? `; the first ${MAX_CARDS} are below, all are in the report` : "";
    say(`${records.length} ${records.length === 1 ? "article" : "articles"}${more}${notices ? `; ${notices}` : ""}`);
  } catch (error) {
    say(error.name === "AbortError" ? `Stopped after ${records.length}` : `It did not work: ${error.message}`, true);
  } finally {
    running = null;
    $("send").disabled = false;
    $("stop").hidden = true;
  }
  if (records.length > 1) await offerReport(records);
}

async function offerReport(records) {
  const response = await fetch("/v1/report", { method: "POST", body: JSON.stringify(records), headers: headers() });
  if (!response.ok) return;
  $("report").replaceChildren(await link(response, "Open the report of these articles"));
  $("report").hidden = false;
}

async function link(response, text) {
  const made = element("a", "", text);
  made.href = URL.createObjectURL(new Blob([await response.text()], { type: "text/html;charset=utf-8" }));
  made.target = "_blank";
  return made;
}

function card(record) {
  const where = [record.source, (record.publication_date || "").slice(0, 10), record.language].filter(Boolean).join(" · ");
  const item = element("li", "", heading(record), where ? element("div", "where", where) : null);
  const labels = element("dl", "labels");
  for (const [task, prediction] of Object.entries(record.analyses)) {
    if (Array.isArray(prediction)) {
      const names = prediction.slice(0, MAX_ENTITIES).map((entity) => `${entity.name} (${[entity.type, entity.sentiment?.label].filter(Boolean).join(", ")})`);
      labels.append(element("div", "", element("dt", "", task), element("dd", "", names.join("; "))));
    } else if (typeof prediction.summary === "string") {
      const summary = element("p", "summary", prediction.summary);
      summary.dir = "auto";
      item.append(summary);
    } else {
      labels.append(label(task, prediction));
    }
  }
  if (labels.childElementCount) item.append(labels);
  for (const error of record.errors) item.append(element("p", "bad", `${error.stage}: ${error.message}`));
  if (record.route.length) item.append(route(record));
  return item;
}

function heading(record) {
  const text = record.headline || "(no headline)";
  const made = element("h3");
  made.dir = "auto";
  if (/^https?:\/\//i.test(record.url || "")) {
    const anchor = element("a", "", text);
    anchor.href = record.url;
    anchor.rel = "noopener noreferrer nofollow";
    anchor.target = "_blank";
    made.append(anchor);
  } else {
    made.append(text);
  }
  return made;
}

function label(task, prediction) {
  const isLabel = typeof prediction.label === "string";
  const text = isLabel ? `${prediction.unsure ? "unsure: " : ""}${prediction.label}` : JSON.stringify(prediction);
  const dot = ["positive", "neutral", "negative"].includes(prediction.label) ? element("i", `dot ${prediction.label}`) : null;
  const score = typeof prediction.score === "number" ? prediction.score.toFixed(2) : "";
  return element("div", "", element("dt", "", task), element("dd", "", dot, text), element("dd", "score", score));
}

function route(record) {
  const list = element("ul");
  for (const entry of record.route) list.append(element("li", "", `${entry.task}: ${entry.expert || "no expert"} (${entry.reason})`));
  return element("details", "", element("summary", "", "Who read it, and why"), list);
}

async function showFiles() {
  const response = await fetch("/v1/records", { headers: headers() });
  if (!response.ok) return;
  const rows = (await response.json()).map((file) => {
    const button = element("button", "", "Make the page");
    button.addEventListener("click", async () => {
      button.disabled = true;
      const path = file.name.split("/").map(encodeURIComponent).join("/");
      const page = await fetch(`/v1/records/${path}`, { headers: headers() });
      if (page.ok) button.replaceWith(await link(page, "Open the page"));
      else button.replaceWith(await problem(page));
    });
    const modified = file.modified.replace("T", " ").replace(/:\d\d\+00:00$/, " UTC");
    const kilobytes = Math.ceil(file.bytes / 1000).toLocaleString("en");
    return element("li", "", element("b", "", file.name), element("span", "", `${modified}, ${kilobytes} kB`), button);
  });
  $("files").replaceChildren(...rows);
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const file = $("file").files[0];
  if ($("text").value.trim()) {
    const { data, type } = body($("text").value);
    analyze(data, type);
  } else if (file) {
    analyze(file, TYPES[file.name.split(".").pop().toLowerCase()] || "");
  } else {
    say("Paste an article, or choose a file.", true);
  }
});
$("stop").addEventListener("click", () => running && running.abort());
$("file").addEventListener("change", () => { $("text").value = ""; });
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("form").classList.toggle("over", name === "dragover");
    const file = name === "drop" && event.dataTransfer.files[0];
    if (file) analyze(file, TYPES[file.name.split(".").pop().toLowerCase()] || "");
  });
}
const token = $("token");
if (token) {
  token.value = sessionStorage.getItem("token") || "";
  token.addEventListener("change", () => {
    sessionStorage.setItem("token", token.value);
    if ($("files")) showFiles();
  });
}
if ($("files") && (!token || token.value)) showFiles();
