"use strict"
const $ = id => document.getElementById(id)
const el = (tag, props, ...children) => {
  const e = Object.assign(document.createElement(tag), props)
  e.append(...children)
  return e
}
const address = new URLSearchParams(location.search)
let page, form, rec, step = 0, timer

// States have their objects joined: a number that stands alone is the object of that number.
function join(text) {
  const objects = new Map(), state = JSON.parse(text)
  const find = v => {
    if (v === null || typeof v !== "object") return
    if (v["@"] && Object.keys(v).length > 1) objects.set(v["@"], v)
    Object.values(v).forEach(find)
  }
  find(state)
  const put = v => {
    for (const k in v) {
      const o = v[k]
      if (o === null || typeof o !== "object") continue
      if (o["@"] && Object.keys(o).length === 1 && objects.has(o["@"])) v[k] = objects.get(o["@"])
      else put(o)
    }
  }
  const leaves = flat(state)
  put(state)
  return { state, leaves, objects: new Set([...leaves.keys()].map(key => key.split(".")[0])) }
}

// flat lists the leaves of a state by object and path, before objects are joined.
function flat(state) {
  const all = new Map()
  const go = (v, key, name) => {
    if (v === null || typeof v !== "object") { all.set(key, { name, value: v > 2 ** 33 ? "0x" + v.toString(16) : String(v ?? "nil") }); return }
    if (v["@"]) all.set(key, { name, value: "#" + v["@"] })
    if (v["@"]) key = "#" + v["@"]
    if ("at" in v && "len" in v && Array.isArray(v.at)) {
      if (key) all.set(key + ".len", { name: "len(" + name + ")", value: String(v.len) })
      v = v.at
    }
    for (const k in v) if (k !== "@") go(v[k], key + "." + k, Array.isArray(v) ? name + "[" + k + "]" : name ? name + "." + k : k)
  }
  go(state, "", "")
  return all
}

function changes(before, after) {
  if (before === after) return []
  const known = key => !key.startsWith("#") || before.objects.has(key.split(".")[0])
  return [...after.leaves].map(([key, a]) => ({ a, b: before.leaves.get(key), key })).filter(({ a, b, key }) => b ? b.value !== a.value : known(key))
    .map(({ a, b }) => a.name + ": " + (b ? b.value + " → " : "") + a.value)
}

const two = () => rec.Frames[0].Next != null
const frame = i => rec.Frames[Math.max(0, Math.min(i, rec.Frames.length - 1))]
const joined = i => rec.joined[i] ??= join(rec.States[i])

// run makes the calls of the address again and shows step at.
function run() {
  const text = address.get("do") ?? form.Do
  rec = JSON.parse(flatlineRun(page.Name, form.Name, text, address.get("by") ?? ""))
  fail(rec.Error ?? "")
  $("do").value = text
  if (rec.Error) return false
  rec.joined = []
  $("at").max = end()
  $("work").className = two() ? "two" : ""
  $("calls").replaceChildren(...rec.Calls.map((c, i) => el("li", {}, el("button", { type: "button", onclick: () => show(two() ? c.First : c.First + 1) },
    (two() ? "AB"[c.G] + ": " : "") + c.Text), " ", el("span", { className: "soft" }, ""))))
  return true
}

// end is the last step: of a schedule that is made by hand, how far it has been made.
const end = () => two() ? letters().length : rec.Frames.length - 1
function letters() {
  const by = address.get("by") ?? ""
  return by.includes(":") ? rec.Letters : by.slice(0, rec.Letters.length)
}

function show(i) {
  step = Math.max(0, Math.min(i, end()))
  address.set("at", step)
  history.replaceState(null, "", "?" + address)
  const f = frame(step), before = joined(frame(step - 1).State), now = joined(f.State), diff = step ? changes(before, now) : []
  $("at").value = step
  $("picture").replaceChildren(...draw(pictures[page.Name](now.state), step ? pictures[page.Name](before.state) : null))
  const line = f.At ? "line " + f.At.replace(":", " ") : f.Saw || "before the first line"
  $("say").textContent = "Step " + step + " of " + end() + (two() && step ? ", goroutine " + "AB"[f.G] : "") + ": " + line + (f.At && f.Saw ? ", " + f.Saw : "") + ". " +
    (diff.length ? "Changes " + diff.slice(0, 6).join("; ") + (diff.length > 6 ? "; and " + (diff.length - 6) + " more" : "") : "Changes nothing") + "."
  rec.Calls.forEach((c, n) => {
    const li = $("calls").children[n], done = step >= c.Last && c.Result, begun = step > c.First || two() && step === c.First && step > 0
    li.toggleAttribute("aria-current", begun && !done)
    li.lastChild.textContent = done ? "→ " + c.Result + (two() ? "" : " (" + (c.Last - c.First) + " steps)") : begun ? "…" : ""
  })
  const over = step === rec.Frames.length - 1
  $("answer").textContent = over ? "The structure itself says: " + rec.Answer : ""
  $("verdict").textContent = over ? rec.Verdict : ""
  $("verdict").className = /^explained/.test(rec.Verdict) ? "ok" : "bad"
  for (const id of ["first", "back"]) $(id).disabled = step === 0
  for (const id of ["forward", "change", "last"]) $(id).disabled = two() ? over : step === end()
  code(f)
}

// draw makes the parts; cells whose text is another one than before are marked.
function draw(parts, before) {
  return parts.map(p => {
    const old = before?.find(b => b.label === p.label)
    return el("div", { className: "part" }, el("p", { className: "path" }, p.label), el("ul", { className: "cells " + p.look }, ...p.cells.map((c, i) => {
      const b = old?.cells[i], changed = before && (!b || b.text !== c.text || b.note !== c.note || b.look !== c.look)
      const li = el("li", { className: "cell " + c.look + (changed ? " changed" : "") })
      if (c.high) li.append(el("b", { style: "height:" + c.high + "px" }))
      li.append(el("span", {}, c.text || " "), el("small", {}, c.note))
      return li
    })))
  })
}

// source is the text of a file, as it was compiled.
const files = new Map()
async function source(file) {
  if (!files.has(file)) files.set(file, (async () => {
    let r = address.has("bug") ? await fetch("planted/" + file) : null
    if (!r?.ok) r = await fetch("src/" + file)
    return r.ok ? (await r.text()).split("\n") : []
  })())
  return files.get(file)
}

// code shows where the goroutine is, or where each of the two will go on.
let shown
async function code(f) {
  const here = shown = {}
  const columns = two() ? f.Next.map((n, g) => ({ g, ...n })) : [{ At: f.At, Text: f.At ? "" : "before the first line" }]
  const boxes = []
  for (const c of columns) {
    const [file, n] = c.At ? c.At.split(":") : ["", 0], text = file ? await source(file) : []
    const pre = el("pre", { tabIndex: 0 }), from = Math.max(1, n - (two() ? 5 : 9))
    pre.setAttribute("aria-label", "Code")
    for (let i = from; i <= Math.min(text.length, +n + (two() ? 5 : 9)); i++) {
      const line = el("span", {}, el("i", {}, i), text[i - 1])
      if (i === +n) line.setAttribute("aria-current", "step")
      pre.append(line)
    }
    const title = el("span", {}, c.g == null ? c.At || c.Text : "Goroutine " + "AB"[c.g] + ": " + (c.At ? c.At + ", " + (c.Can ? "next " : "waits in ") + c.Text : c.Text))
    const h2 = el("h2", {}, title)
    if (c.g != null) h2.append(el("button", { id: "step" + "AB"[c.g], disabled: !c.Can, onclick: () => hand(c.g) }, "Step " + "AB"[c.g]))
    boxes.push(el("section", { className: "column" }, h2, pre))
  }
  if (here !== shown) return
  const focused = document.activeElement?.id
  $("codes").replaceChildren(...boxes)
  if (/^step/.test(focused)) $(focused)?.focus()
  document.documentElement.dataset.shown = step
}

// hand lets a goroutine take the next step after the one that is shown.
function hand(g) {
  if (!frame(step).Next[g].Can) return
  address.set("by", rec.Letters.slice(0, step) + "AB"[g])
  if (run()) show(step + 1)
}

// forward goes to the next step. At the end of a schedule it adds the step that the scheduler would take.
function forward() {
  if (step < end()) return show(step + 1)
  if (two() && step < rec.Letters.length) hand("AB".indexOf(rec.Letters[step]))
}
function last() {
  if (two()) { address.set("by", rec.Letters); run() }
  show(end())
}
function change(way) {
  let i = step + way
  while (i > 0 && i < rec.Frames.length - 1 && frame(i).State === frame(i - 1).State) i += way
  if (two() && i > end()) { address.set("by", rec.Letters.slice(0, i)); run() }
  show(i)
}
function play(on) {
  clearInterval(timer)
  $("play").setAttribute("aria-pressed", on)
  $("play").textContent = on ? "Pause" : "Play"
  timer = on ? setInterval(() => step === rec.Frames.length - 1 ? play(false) : forward(), +$("speed").value) : null
}
const playing = () => $("play").getAttribute("aria-pressed") === "true"

// go loads the page again with another address.
const go = params => { location.search = new URLSearchParams(params) }

function start() {
  const all = JSON.parse(flatlinePages)
  $("key").value = address.get("replay") ?? FAILING
  if (address.has("replay")) {
    const r = JSON.parse(flatlineReplay(address.get("replay")))
    if (r.Error) return fail(r.Error)
    address.delete("replay")
    for (const k in r) address.set(k, r[k])
  }
  page = all.find(p => p.Name === (address.get("page") ?? "lru")) ?? all[0]
  form = page.Forms.find(f => f.Name === address.get("form")) ?? page.Forms[0]
  address.set("page", page.Name)
  document.title = page.Name + ", step by step"
  $("title").textContent = form.Name
  $("made").textContent = form.Made + ", and the calls below"
  $("ops").textContent = form.Ops
  $("nav").replaceChildren(...all.map(p => {
    const a = el("a", { href: "?page=" + p.Name }, p.Name)
    if (p === page) a.setAttribute("aria-current", "page")
    return a
  }))
  $("form").replaceChildren(...page.Forms.map(f => el("option", { selected: f === form }, f.Name)))
  $("form").hidden = page.Forms.length < 2
  $("replay").hidden = page.Name !== "concmap"
  $("bug").checked = address.has("bug")
  if (run()) show(+(address.get("at") ?? 0))
}
function fail(message) {
  $("error").textContent = message
  $("error").hidden = !message
}
// FAILING is a schedule with which evidence/schedules finds the planted bug.
const FAILING = "concmap.Map, segments that join|1+2|30:1"

$("ask").onsubmit = e => { e.preventDefault(); address.set("do", $("do").value); address.delete("by"); play(false); if (run()) show(0) }
$("form").onchange = () => go({ page: page.Name, form: $("form").value })
$("replay").onsubmit = e => { e.preventDefault(); go({ replay: $("key").value, ...($("bug").checked ? { bug: 1 } : {}) }) }
$("bug").onchange = () => { $("bug").checked ? address.set("bug", 1) : address.delete("bug"); go(address) }
$("first").onclick = () => show(0)
$("back").onclick = () => show(step - 1)
$("forward").onclick = forward
$("last").onclick = last
$("change").onclick = () => change(1)
$("play").onclick = () => play(!playing())
$("speed").onchange = () => { if (playing()) play(true) }
$("at").oninput = () => show(+$("at").value)
document.onkeydown = e => {
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT)$/.test(e.target.tagName) || !rec || rec.Error) return
  const act = { ArrowRight: forward, ArrowLeft: () => show(step - 1), ArrowUp: () => change(-1), ArrowDown: () => change(1), Home: () => show(0), End: last, " ": () => play(!playing()), a: () => two() && hand(0), b: () => two() && hand(1) }[e.key]
  if (!act || e.key === " " && e.target.tagName === "BUTTON") return
  e.preventDefault()
  act()
}

globalThis.flatlineReady = () => { try { start() } catch (e) { fail(String(e)); throw e } }
const program = new Go()
fetch(address.has("bug") ? "planted.wasm" : "flatline.wasm").then(r => r.arrayBuffer()).then(b => WebAssembly.instantiate(b, program.importObject)).then(r => program.run(r.instance))
