"use strict";
// Fills the two pages of a rendezvous from its public API, once a second. Text is set as text, never as HTML, and
// elements are changed in place, so that what is selected, scrolled to or read aloud stays.

const byId = (id) => document.getElementById(id);
const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const make = (name, text) => { const e = document.createElement(name); e.textContent = text; return e; };

const rate = (bps) => bps >= 1e6 ? (bps / 1e6).toFixed(bps >= 1e8 ? 0 : 2) + " Mb/s" : (bps / 1e3).toFixed(0) + " kb/s";
const ms = (v) => v >= 10000 ? (v / 1000).toFixed(1) + " s" : Math.round(v) + " ms";
const percent = (v) => (100 * v).toFixed(v >= 0.99995 || v === 0 ? 0 : v >= 0.999 ? 2 : 1) + " %";
const viewers = (n) => n + (n === 1 ? " viewer" : " viewers");
const path = (name) => name.split("/").map(encodeURIComponent).join("/");
const none = "–";

// quote makes text one word of a shell's command line: a link may have been made to be more.
const quote = (text) => /^[\w:/.~%@+=,-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";

async function ask(url) {
  const answer = await fetch(url, { cache: "no-store" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body;
}

// say shows what went wrong, or nothing.
const say = (error) => put(byId("state"), !error ? "" : error instanceof TypeError ? "The rendezvous does not answer. Trying again…" : error.message);

// fill gives a table body one row for each member, keeping those that are there.
function fill(body, members) {
  const rows = new Map([...body.rows].map((r) => [r.dataset.peer, r]));
  members.forEach((m, i) => {
    let row = rows.get(m.peer);
    rows.delete(m.peer);
    if (!row) {
      row = document.createElement("tr");
      row.dataset.peer = m.peer;
      const head = make("th", m.peer.slice(0, 8));
      head.scope = "row";
      row.append(head, ...Array.from({ length: 11 }, () => document.createElement("td")));
      row.lastChild.className = "ids";
    }
    if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] || null);
    paint(row, m);
  });
  rows.forEach((row) => row.remove());
}

// paint shows one member.
function paint(row, m) {
  const s = m.statistics, source = m.role === "source", plays = m.role === "viewer" && s.playing;
  const known = s.role > 0;
  row.className = source ? "source" : plays ? "playing" : "";
  row.title = source ? "The source" : m.role === "helper" ? "Relays for others" : plays ? "Plays" : known ? "Does not play" : "Has just joined";
  const when = (condition, text) => condition ? text : none;
  const cells = [
    m.role,
    when(known && !source, ms(s.delay_ms)), when(plays, ms(s.playout_ms)), when(plays, ms(s.buffer_ms)),
    when(plays, percent(s.continuity)),
    when(known, String(s.neighbours)), when(known && !source, rate(s.down_bps)),
    when(known, rate(s.up_bps)), when(s.cap_bps > 0, rate(s.cap_bps)),
    when(plays, percent(s.from_source)),
    m.feeds.slice(0, 3).map((f) => f.slice(0, 4)).join(" ") + (m.feeds.length > 3 ? " +" + (m.feeds.length - 3) : "") || none,
  ];
  cells.forEach((text, i) => put(row.cells[i + 1], text));
  row.cells[5].classList.toggle("bad", plays && s.continuity < 0.999);
  row.lastChild.title = m.feeds.map((f) => f.slice(0, 8)).join(", ");
}

// tiles shows the figures of a stream.
function tiles(stream, t) {
  const plays = t.playing > 0, copy = stream.bitrate_bps || t.down_bps;
  const list = [
    ["Viewers", String(stream.viewers), t.playing + " playing"],
    ["Delay", plays ? ms(t.delay_p50_ms) : none, plays ? "19 of 20 within " + ms(t.delay_p95_ms) : "behind the source"],
    ["Complete", plays ? percent(t.continuity) : none, "of what was due"],
    ["From peers", plays ? percent(t.from_peers) : none, "of what viewers play"],
    ["Source sends", t.source_bps > 0 ? rate(t.source_bps) : none, t.source_cap_bps > 0 ? "of " + rate(t.source_cap_bps) + " at most" : "without a cap"],
    ["Copies sent", plays && t.source_bps > 0 && copy > 0 ? (t.source_bps / copy).toFixed(1) : none, "for " + viewers(t.playing)],
  ];
  const dl = byId("totals");
  if (!dl.children.length) {
    dl.append(...list.map(([name]) => {
      const d = document.createElement("div"), note = make("dd", "");
      note.className = "note";
      d.append(make("dt", name), make("dd", ""), note);
      return d;
    }));
  }
  list.forEach(([, value, note], i) => { put(dl.children[i].children[1], value); put(dl.children[i].children[2], note); });
}

async function showStream(name) {
  const badge = byId("badge"), parts = document.querySelectorAll("main > section, #badge"); // hidden until there is a stream
  try {
    const { stream, totals, members, more } = await ask("/v1/members/" + path(name));
    say(stream.live ? null : new Error("Viewers carry on as soon as the source is back."));
    for (const part of parts) part.hidden = false;
    put(byId("media"), [stream.media, stream.bitrate_bps > 0 ? rate(stream.bitrate_bps) : ""].filter(Boolean).join(" · "));
    put(badge, stream.live ? "Live" : "Source away");
    badge.classList.toggle("live", stream.live);
    tiles(stream, totals);
    put(byId("count"), "· " + viewers(stream.viewers));
    fill(byId("peers"), members);
    byId("more").hidden = more === 0;
    put(byId("more"), "and " + more + " more");
  } catch (e) {
    if (!(e instanceof TypeError)) for (const part of parts) part.hidden = true;
    say(e);
  }
}

async function showList() {
  try {
    const { streams } = await ask("/v1/streams");
    put(byId("state"), streams.length ? "" : "Nothing is published here now.");
    const ul = byId("streams");
    while (ul.children.length > streams.length) ul.lastChild.remove();
    streams.forEach((s, i) => {
      if (!ul.children[i]) {
        const li = document.createElement("li"), a = document.createElement("a");
        a.append(make("strong", ""), make("span", ""));
        li.append(a);
        ul.append(li);
      }
      const a = ul.children[i].firstChild, href = "/" + path(s.name);
      if (a.getAttribute("href") !== href) a.setAttribute("href", href);
      put(a.children[0], s.name);
      put(a.children[1], [s.live ? "Live" : "Source away", viewers(s.viewers), s.media].filter(Boolean).join(" · "));
    });
  } catch (e) {
    say(e);
  }
}

// begin prepares the page of one stream.
function begin() {
  let name = location.pathname.replace(/^\/+|\/+$/g, "");
  try { name = decodeURIComponent(name); } catch { /* not percent-encoded text: shown as it is */ }
  const link = quote(location.origin + location.pathname);
  document.title = name + " · Shoal";
  put(byId("name"), name);
  put(byId("watch"), "shoal watch " + link);
  put(byId("pipe"), "shoal watch --pipe " + link + " | mpv -");
  for (const th of document.querySelectorAll("thead th")) byId("legend").append(make("dt", th.textContent), make("dd", th.title));
  if (navigator.clipboard) {
    for (const b of document.querySelectorAll("button[data-copy]")) {
      b.hidden = false;
      b.addEventListener("click", async () => {
        try { await navigator.clipboard.writeText(byId(b.dataset.copy).textContent); put(b, "Copied"); } catch { put(b, "Select it"); }
        setTimeout(() => put(b, "Copy"), 2000);
      });
    }
  }
  return () => showStream(name);
}

const show = byId("peers") ? begin() : showList;
(async () => {
  for (;;) {
    if (!document.hidden) await show();
    await new Promise((done) => setTimeout(done, 1000));
  }
})();
