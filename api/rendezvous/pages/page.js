"use strict";
// Fills the two pages of a rendezvous from its public API, once a second. Text is set as text, never as HTML.

const byId = (id) => document.getElementById(id);
const say = (text) => { const s = byId("state"); if (s.textContent !== text) s.textContent = text; };
const rate = (bps) => bps >= 1e6 ? (bps / 1e6).toFixed(2) + " Mb/s" : (bps / 1e3).toFixed(0) + " kb/s";
const ms = (v) => v >= 10000 ? (v / 1000).toFixed(1) + " s" : Math.round(v) + " ms";
const percent = (v) => (100 * v).toFixed(v >= 0.9995 || v === 0 ? 0 : 1) + " %";
const element = (name, text) => { const e = document.createElement(name); e.textContent = text; return e; };

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body;
}

function row(m) {
  const s = m.statistics, viewer = m.role !== "source";
  const cells = [
    m.peer.slice(0, 8), m.role,
    viewer ? ms(s.delay_ms) : "–", viewer ? ms(s.playout_ms) : "–", viewer ? ms(s.buffer_ms) : "–",
    String(s.neighbours), rate(s.down_bps),
    s.cap_bps > 0 ? rate(s.up_bps) + " of " + rate(s.cap_bps) : rate(s.up_bps),
    viewer ? percent(s.from_source) : "–", viewer ? percent(s.continuity) : "–",
  ];
  const tr = document.createElement("tr");
  tr.className = m.role;
  tr.title = m.feeds.length ? "fed by " + m.feeds.map((f) => f.slice(0, 8)).join(", ") : "";
  cells.forEach((c) => tr.append(element("td", c)));
  return tr;
}

function totals(stream, members) {
  const playing = members.filter((m) => m.role === "viewer" && m.statistics.playing);
  const source = members.find((m) => m.role === "source");
  const delays = playing.map((m) => m.statistics.delay_ms).sort((a, b) => a - b);
  const middle = delays.length ? ms(delays[Math.floor(delays.length / 2)]) : "–";
  const offload = playing.length ? percent(1 - playing.reduce((a, m) => a + m.statistics.from_source, 0) / playing.length) : "–";
  const list = [["Viewers", String(stream.viewers)], ["Playing", String(playing.length)], ["Median delay", middle],
    ["From peers", offload], ["Leaving the source", source ? rate(source.statistics.up_bps) : "–"]];
  byId("totals").replaceChildren(...list.map(([k, v]) => {
    const d = document.createElement("div");
    d.append(element("dt", k), element("dd", v));
    return d;
  }));
}

async function showStream(name) {
  try {
    const { stream, members } = await ask("/v1/members/" + name.split("/").map(encodeURIComponent).join("/"));
    say(stream.live ? "Live" : "The source is away. Viewers carry on as soon as it is back.");
    totals(stream, members);
    byId("peers").replaceChildren(...members.map(row));
  } catch (e) {
    say(e instanceof TypeError ? "The rendezvous does not answer. Trying again." : "Nobody publishes this stream here: " + e.message);
  }
}

async function showList() {
  try {
    const { streams } = await ask("/v1/streams");
    say(streams.length ? "" : "Nothing is published here now.");
    byId("streams").replaceChildren(...streams.map((s) => {
      const li = document.createElement("li"), a = element("a", s.name);
      a.href = "/" + s.name.split("/").map(encodeURIComponent).join("/");
      li.append(a, element("span", (s.live ? "live" : "source away") + ", " + s.viewers + (s.viewers === 1 ? " viewer" : " viewers")));
      return li;
    }));
  } catch (e) {
    say(e instanceof TypeError ? "The rendezvous does not answer. Trying again." : e.message);
  }
}

const name = decodeURIComponent(location.pathname.replace(/^\/+|\/+$/g, ""));
let show = showList;
if (byId("peers")) {
  show = () => showStream(name);
  document.title = name + " · Shoal";
  byId("name").textContent = name;
  byId("watch").textContent = "shoal watch " + location.href;
  byId("pipe").textContent = "shoal watch --pipe " + location.href + " | mpv -";
}
(async () => {
  for (;;) {
    if (!document.hidden) await show();
    await new Promise((done) => setTimeout(done, 1000));
  }
})();
