// What a page does beyond being read: networks are chosen, series hidden, tables sorted and copied.
// Text is only ever set as text, never as markup.
"use strict";
(() => {
const svgNS = "http://www.w3.org/2000/svg";
// The order of the values in a network and in a block of the data.
const net = r => ({x: r[0] / 1e4, y: 1 - r[1] / 1e4, series: r[2], kind: r[3], macs: r[4],
  params: r[5], cost: [r[6], r[8]], top1: [r[7], r[9]], blocks: r[10]});
const block = r => ({name: r[0], kind: r[1], side: r[2], in: r[3], mid: r[4], out: r[5],
  kernel: r[6], stride: r[7], expand: r[8], zeros: r[9], macs: r[10], ms: r[11]});

function make(name, text, attributes) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  for (const k in attributes || {}) e.setAttribute(k, attributes[k]);
  return e;
}
function draw(name, attributes, text) {
  const e = document.createElementNS(svgNS, name);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  return e;
}
const short = v => String(Number(v.toPrecision(3)));
const percent = v => v < 0 ? "–" : (100 * v).toFixed(1) + "\u00a0%";
const count = n => n >= 1e9 ? short(n / 1e9) + "\u00a0G" : n >= 1e6 ? short(n / 1e6) + "\u00a0M"
  : n >= 1e4 ? short(n / 1e3) + "\u00a0K" : String(n);
const time = v => v <= 0 ? "–" : v < 1 ? short(1e3 * v) + "\u00a0µs" : v < 1e3 ? short(v) + "\u00a0ms"
  : short(v / 1e3) + "\u00a0s";

function facts(pairs) {
  const list = make("dl", undefined, {class: "facts"});
  for (const [name, value] of pairs) {
    const pair = make("div");
    pair.append(make("dt", name), make("dd", value));
    list.append(pair);
  }
  return list;
}

// strip draws a network: a box a block, as high as its image is large, the darker the more time (or
// work) it takes.
function strip(blocks, series, timed) {
  const s = draw("svg", {class: "strip s" + series % 6, role: "img",
    "aria-label": "the network, block by block"});
  const weight = b => timed ? b.ms : b.macs;
  const most = Math.max(...blocks.map(weight)) || 1;
  const largest = Math.max(...blocks.map(b => b.side)) || 1;
  const left = 13, width = (100 - left) / blocks.length;
  s.append(draw("text", {x: 0, y: "84%"}, "kernel"), draw("text", {x: 0, y: "97%"}, "expand"));
  blocks.forEach((b, i) => {
    const tall = 8 + 60 * Math.log2(1 + b.side) / Math.log2(1 + largest);
    const x = left + i * width, middle = x + width / 2 + "%";
    const box = draw("rect", {x: x + width * .1 + "%", width: width * .8 + "%", y: 72 - tall + "%",
      height: tall + "%", "fill-opacity": (.08 + .92 * weight(b) / most).toFixed(2)});
    box.append(draw("title", {}, b.name + ", " + (timed ? time(b.ms) : count(b.macs) + " MACs")));
    s.append(box, draw("text", {x: middle, y: "84%", "text-anchor": "middle"}, b.kernel || ""),
      draw("text", {x: middle, y: "97%", "text-anchor": "middle"},
        b.expand ? String(Math.round(10 * b.expand) / 10) : ""));
  });
  return s;
}

function blockTable(blocks, timed) {
  const table = make("table", undefined, {class: "numbers"}), head = make("tr");
  const names = ["block", "px", "channels", "k", "e", "MACs"].concat(timed ? ["time"] : []);
  for (const n of names) head.append(make("th", n, {scope: "col"}));
  head.append(make("td"));
  const top = make("thead"), body = make("tbody");
  top.append(head);
  const most = Math.max(...blocks.map(b => timed ? b.ms : b.macs)) || 1;
  for (const b of blocks) {
    const row = make("tr");
    row.append(make("th", b.name, {scope: "row"}));
    for (const v of [b.side, b.in + "→" + b.out, b.kernel || "", b.expand || "", count(b.macs)]) {
      row.append(make("td", v));
    }
    if (timed) row.append(make("td", time(b.ms)));
    const meter = draw("svg", {class: "meter", "aria-hidden": "true"}), share = make("td");
    meter.append(draw("rect", {width: 100 * (timed ? b.ms : b.macs) / most + "%", height: "100%"}));
    share.append(meter);
    row.append(share);
    body.append(row);
  }
  table.append(top, body);
  return table;
}

// show writes what is known of a network into the panel beside a chart.
function show(panel, data, n, extra) {
  const about = net(data.nets[n]), blocks = about.blocks.map(b => block(data.blocks[b]));
  const cost = data.cost === "latency" ? time : v => v < 0 ? "–" : count(v);
  const titles = ["a predicted network", "a network whose latency was measured",
    "a network whose top-1 was measured"];
  const both = (write, [predicted, measured]) => measured < 0 ? write(predicted) + " predicted"
    : predicted < 0 ? write(measured) + " measured"
    : write(predicted) + " predicted, " + write(measured) + " measured";
  const pairs = [["top-1", both(percent, about.top1)]];
  if (data.cost === "latency") pairs.push([data.cost, both(cost, about.cost)]);
  pairs.push(["size", count(about.macs) + " MACs, " + count(about.params) + " parameters" +
    (blocks.length ? ", " + blocks[0].side + " px" : "")]);
  if (data.series.length > 1) pairs.unshift(["of", data.series[about.series]]);
  panel.replaceChildren(make("h4", extra ? extra.name : titles[about.kind]));
  panel.append(facts(pairs.concat(extra ? extra.facts : [])));
  if (extra && extra.files.length) {
    const files = make("p", undefined, {class: "files"});
    for (const [name, href] of extra.files) {
      const safe = href.startsWith("./");
      files.append(make(safe ? "a" : "span", name, safe ? {href} : {}));
    }
    panel.append(files);
  }
  const timed = data.timed && blocks.some(b => b.ms > 0);
  if (!blocks.length) return;
  const scroll = make("div", undefined, {class: "scroll", tabindex: "0", role: "region",
    "aria-label": "its blocks"});
  scroll.append(blockTable(blocks, timed));
  panel.append(strip(blocks, about.series, timed), scroll);
}

function tradeoff(figure) {
  const data = JSON.parse(document.getElementById(figure.id + "-data").textContent);
  const plot = figure.querySelector("svg.plot"), panel = figure.querySelector(".detail");
  const cursor = figure.querySelector(".cursor"), said = figure.querySelector(".said");
  const points = [...figure.querySelectorAll(".point")];
  const extras = new Map(data.extra.map(e => [e.net, e]));
  const nets = data.nets.map(net), hidden = new Set();
  const byCost = nets.map((_, i) => i).sort((a, b) => nets[a].x - nets[b].x);
  let chosen = -1;

  function choose(n) {
    if (n === chosen) return;
    chosen = n;
    for (const p of points) p.classList.toggle("chosen", Number(p.dataset.n) === n);
    cursor.classList.remove("hidden");
    cursor.setAttribute("cx", 100 * nets[n].x + "%");
    cursor.setAttribute("cy", 100 * nets[n].y + "%");
    show(panel, data, n, extras.get(n));
  }
  // nearest is the network nearest to a place on the screen: a winner if it is as near as a finger.
  function nearest(event) {
    const box = plot.getBoundingClientRect();
    let best = -1, least = 28 * 28;
    nets.forEach((n, i) => {
      if (hidden.has(n.series)) return;
      const dx = box.left + n.x * box.width - event.clientX;
      const dy = box.top + n.y * box.height - event.clientY;
      const d = (dx * dx + dy * dy) * (n.kind >= 3 ? .25 : 1);
      if (d < least) [best, least] = [i, d];
    });
    return best;
  }
  // A network that was clicked stays, so that the pointer can go to its files; a click beside all
  // networks lets it go.
  let waiting = false, kept = false;
  function keep(event) {
    const n = nearest(event);
    kept = n >= 0;
    if (kept) choose(n);
  }
  function follow(event) {
    if (waiting || kept) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const n = nearest(event);
      if (n >= 0) choose(n);
    });
  }
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", keep);

  // Left and right go from winner to winner, up and down from network to network, by cost.
  const order = [...points].sort((a, b) => nets[a.dataset.n].x - nets[b.dataset.n].x);
  function step(event) {
    const by = {ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1}[event.key];
    if (!by) return;
    event.preventDefault();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const shown = byCost.filter(i => !hidden.has(nets[i].series));
      const at = shown.indexOf(chosen);
      if (!shown.length) return;
      choose(shown[(at + by + shown.length) % shown.length]);
      // A winner's own label is read when it is reached; of other networks this is.
      said.textContent = [...panel.querySelectorAll("h4, dl div")].map(e => e.textContent).join(", ");
      return;
    }
    const visible = order.filter(p => !p.classList.contains("hidden"));
    const at = visible.indexOf(document.activeElement);
    if (visible.length) focus(visible[(at + by + visible.length) % visible.length]);
  }
  function focus(p) {
    for (const other of points) other.setAttribute("tabindex", other === p ? "0" : "-1");
    p.focus();
  }
  plot.addEventListener("keydown", step);
  for (const p of points) {
    p.addEventListener("focus", () => choose(Number(p.dataset.n)));
    p.addEventListener("click", () => choose(Number(p.dataset.n)));
  }
  for (const b of figure.querySelectorAll(".toggle")) {
    b.addEventListener("click", () => {
      const series = Number(b.dataset.series), on = hidden.has(series);
      if (on) hidden.delete(series); else hidden.add(series);
      b.setAttribute("aria-pressed", String(on));
      const parts = ".s" + series % 6;
      for (const e of plot.querySelectorAll(parts)) e.classList.toggle("hidden", !on);
    });
  }
  // The first winner, or else the network with the highest top-1, is chosen to begin with.
  if (points.length) choose(Number(points[0].dataset.n));
  else if (nets.length) choose(nets.reduce((best, n, i) => n.y < nets[best].y ? i : best, 0));
}

// sort orders a table by a column, numbers by their value; again the other way round.
function sort(table, column, head) {
  const up = head.getAttribute("aria-sort") !== "ascending", body = table.tBodies[0];
  for (const h of table.tHead.rows[0].cells) h.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = row => row.cells[column].dataset.v;
  const compare = (a, b) => value(a) === undefined
    ? a.cells[column].textContent.localeCompare(b.cells[column].textContent)
    : Number(value(a)) - Number(value(b));
  body.append(...[...body.rows].sort((a, b) => up ? compare(a, b) : compare(b, a)));
}

async function copy(button) {
  const table = document.getElementById(button.dataset.table);
  const text = [...table.rows].map(row => [...row.cells].map(c => c.textContent.trim().replaceAll("\u00a0", " "))
    .join("\t")).join("\n");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
}

for (const f of document.querySelectorAll(".tradeoff")) tradeoff(f);
for (const t of document.querySelectorAll(".sortable")) {
  [...t.tHead.rows[0].cells].forEach((h, i) =>
    h.querySelector("button").addEventListener("click", () => sort(t, i, h)));
}
for (const b of document.querySelectorAll(".copy")) b.addEventListener("click", () => copy(b));
// What is folded is not folded on paper.
addEventListener("beforeprint", () => {
  for (const d of document.querySelectorAll("details:not(.behind)")) d.open = true;
});
})();
