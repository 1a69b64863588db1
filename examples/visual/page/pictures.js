"use strict"
// A picture is a list of parts: a label, which is the path of a field in the code, and cells.
// Everything is read by at(), which throws if the code has no such field.

const at = (from, path) => path.split(/[.[\]]+/).filter(name => name).reduce((v, name) => {
  if (v == null) return v
  if (/^\d/.test(name)) return (v.at ?? v)[name]
  if (!(name in v)) throw new Error("the memory has no field " + path)
  return v[name]
}, from)
// big reads an integer of any size.
const big = v => BigInt(v)
const part = (label, cells, look = "") => ({ label, cells, look })
const cell = (text, note = "", look = "") => ({ text: String(text), note: String(note), look })
const id = o => o == null ? "nil" : "#" + o["@"]
// items are the elements of a slice up to its capacity; spare ones are beyond its length.
const items = (slice, f) => slice == null ? [] : slice.at.map((v, i) => {
  const c = f(v, i)
  if (i >= slice.len) c.look += " spare"
  return c
})
const row = (s, path, f, look) => part(path, items(at(s, path), f), look)
const fields = (s, label, ...paths) => part(label, paths.map(p => cell(at(s, p), p.split(".").pop())))
const plain = v => cell(v)

function table(s, path, show) {
  return [
    row(s, path + ".heads", (v, i) => cell(v, "bucket " + i, v ? "" : "spare")),
    row(s, path + ".entries", (e, i) => at(e, "hash") ? cell(show(e), "slot " + i + ", chain " + at(e, "chain")) : cell("–", "slot " + i, "spare")),
    fields(s, path, path + ".free", path + ".n"),
  ]
}

// ring walks a list of internal/list from its head.
function walk(links, head = 0) {
  const all = []
  for (let e = at(links.at[head], "next"); e !== head && all.length < links.at.length; e = at(links.at[e], "next")) all.push(e)
  return all
}

function cache(s) {
  const entries = at(s, "made.core.table.entries"), links = at(s, "made.core.order.links")
  const order = walk(links).map(e => cell(at(entries.at[e], "Key"), "slot " + e))
  return [
    part("the order, first to last", order, "chain answer"),
    row(s, "made.core.order.links", (l, i) => cell(at(l, "prev") + " ⇄ " + at(l, "next"), i ? "slot " + i : "head")),
    ...table(s, "made.core.table", e => at(e, "Key") + "=" + at(e, "Value")),
  ]
}

const pictures = {
  lru: cache,

  lfu(s) {
    const rank = at(s, "made.core.rank"), links = at(s, "made.core.order.links"), entries = at(s, "made.core.table.entries")
    const bucket = b => at(rank, "pages").at[b >> 6][b & 63]
    const lists = []
    for (const e of walk(links)) {
      const b = at(rank, "of").at[e], note = "used " + at(bucket(b), "count") + "×"
      if (lists.at(-1)?.b !== b) lists.push({ b, label: "bucket " + b + ", " + note + ", front " + at(bucket(b), "front"), cells: [] })
      lists.at(-1).cells.push(cell(at(entries.at[e], "Key"), "slot " + e))
    }
    return [...lists.map(l => part(l.label, l.cells, "chain")), row(s, "made.core.rank.of", (b, i) => cell(b, "slot " + i)), ...cache(s)]
  },

  ratelimit(s) {
    const now = Number(at(s, "Now")), z = Number(at(s, "Bucket.state.z")), d = Number(at(s, "Bucket.state.d")), burst = at(s, "Bucket.state.burst")
    const cells = []
    for (let t = now - burst * d; t < now; t += d / 2) cells.push(cell((t / 1e9).toFixed(1) + " s", "", t >= z ? "on" : ""))
    return [
      part("the time from now − full to now; filled from z on: what is left to take", [...cells, cell((now / 1e9).toFixed(1) + " s", "now")]),
      part("tokens left", [cell(Math.min(burst, (now - z) / d).toFixed(2), "(now − z) / d")], "answer"),
      part("Bucket.state", [["z", z], ["d", d], ["n", at(s, "Bucket.state.n")], ["burst", burst], ["full", at(s, "Bucket.state.full")]].map(([n, v]) => cell(v, n))),
      part("Now", [cell(now, "nanoseconds, and ticks")]),
    ]
  },

  ringbuffer(s) {
    const lap = at(s, "laps.lap"), head = Number(big(at(s, "laps.head")) & ~(1n << 63n)), tail = Number(big(at(s, "laps.tail")) & ~(1n << 63n))
    const say = (stamp, i) => stamp % lap === i ? "free in lap " + (stamp - i) / lap : stamp % lap === i + 1 ? "item of lap " + (stamp - i - 1) / lap : ""
    return [
      row(s, "laps.slots", (e, i) => cell(at(e, "v"), "stamp " + at(e, "stamp") + ", " + say(at(e, "stamp"), i), at(e, "stamp") % lap === i + 1 ? "on" : "spare")),
      part("laps", [cell(head, "head"), cell(tail, "tail"), cell(lap, "lap")]),
      part("the items, oldest first", at(s, "laps.slots").at.map((e, i) => ({ e, i })).filter(x => at(x.e, "stamp") % lap === x.i + 1).sort((a, b) => at(a.e, "stamp") - at(b.e, "stamp")).map(x => cell(at(x.e, "v"))), "chain answer"),
    ]
  },

  concmap(s) {
    if (at(s, "dir") == null) return [part("dir", [cell("nil")])]
    const places = at(s, "dir.places").at, seen = new Map()
    for (const p of places) if (at(p, "segment") != null) seen.set(id(at(p, "segment")), at(p, "segment"))
    const parts = [part("dir.places", places.map((p, i) => cell(id(at(p, "table")) + " " + id(at(p, "segment")), "place " + i + ": table, segment"))), fields(s, "dir", "dir.depth", "segments")]
    const all = []
    for (const [name, g] of seen) {
      const frozen = at(g, "frozen") ? " frozen" : ""
      parts.push(part("segment " + name + (frozen ? ", frozen" : "") + (at(g, "mu") ? ", locked" : ""), ["depth", "path", "live", "used", "waits", "replaced"].map(n => cell(at(g, n), n))))
      for (const group of at(g, "table.groups")?.at ?? []) {
        const ctrl = big(at(group, "ctrl.Uint64"))
        parts.push(part("table " + id(at(g, "table.tagged")) + ": key, cell, control byte", at(group, "slots").map((slot, i) => {
          const b = Number(ctrl >> BigInt(8 * i) & 255n), k = at(slot, "key"), v = at(slot, "cell.Uint64")
          if (b & 128) all.push([k, v])
          return b & 128 ? cell(k + "=" + v, "live " + (b & 127), "on" + frozen) : b ? cell(k, "dead", "dead" + frozen) : cell("–", "empty", "spare" + frozen)
        })))
      }
    }
    all.sort((a, b) => a[0] - b[0])
    return [...parts, part("live entries", all.map(([k, v]) => cell(k + ":" + v)), "answer")]
  },

  timemap(s) {
    const path = "keys.entries[1].Value", series = at(s, path), all = []
    if (series == null) return [row(s, "keys.entries", e => cell(at(e, "Key") || "–"))]
    const chunk = (c, label) => {
      const gone = i => at(c, "gone") != null && at(c, "gone").at[i]
      at(c, "times").at.slice(0, at(c, "times").len).forEach((t, i) => all.push(cell(t + "=" + (gone(i) ? "†" : at(c, "values").at[i]))))
      return part(label, items(at(c, "times"), (t, i) => cell(t, gone(i) ? "†" : at(c, "values").at[i] ?? "", gone(i) ? "dead" : "")))
    }
    const older = at(series, "older")
    return [
      row(s, path + ".firsts", t => cell(t, "first time")),
      ...(older ? older.at.slice(0, older.len) : []).map((c, i) => chunk(at(c, "chunk"), path + ".older[" + i + "].chunk: times, values")), chunk(at(series, "tail"), path + ".tail: times, values"),
      fields(s, path, path + ".n", path + ".edits"), part("all versions", all, "chain answer"),
    ]
  },

  minstack(s) {
    const n = at(s, "c.n"), room = at(s, "c.room")?.at ?? [], below = at(s, "c.minima.below")
    const records = n === 0 ? [] : [...(below?.at ?? []).slice(0, below?.len ?? 0), at(s, "c.minima.at")]
    return [
      row(s, "c.room", (v, i) => cell(v, i === n - 1 ? "top, " + i : i, i < n ? "" : "spare")), fields(s, "c", "c.n"),
      row(s, "c.minima.below", plain), fields(s, "c.minima", "c.minima.at"),
      part("the records, which are at these positions", records.map(i => cell(room[i], i))),
      part("from the top", room.slice(0, n).reverse().map(plain), "chain answer"),
    ]
  },

  randset(s) {
    const mask = (at(s, "index.slots")?.at.length ?? 1) - 1
    return [
      row(s, "index.slots", (v, i) => v ? cell((v & mask) - 1, "slot " + i) : cell("–", "slot " + i, "spare")),
      part("index.values, without gaps", items(at(s, "index.values"), (v, i) => cell(v, i)).slice(0, at(s, "index.values")?.len ?? 0), "answer"),
    ]
  },

  slidingmax(s) {
    const bar = (v, note, look) => ({ text: v, note, look, high: 6 + 6 * Number(v) })
    if ("dst" in s) return [part("s", at(s, "s").at.map((v, i) => bar(v, i, "")), "bars"), row(s, "dst", (v, i) => bar(v || "0", i, v ? "on" : ""), "bars"),
      part("the maxima of the windows", at(s, "dst").at.slice(0, at(s, "dst").len).map(plain), "answer")]
    const q = at(s, "Window.r.q"), k = at(s, "Window.r.k"), pushed = at(s, "Window.r.pushed"), buf = at(q, "buf")?.at ?? [], kept = []
    for (let p = at(q, "head"); p < at(q, "tail"); p++) kept.push(buf[p & (buf.length - 1)])
    const series = (at(s, "Series")?.at ?? []).slice(0, at(s, "Series")?.len ?? 0)
    return [
      part("the series; its last " + k + " are the window, those that can still be the maximum are filled", series.map((v, i) => bar(v, i >= pushed - k ? "window" : "", kept.some(c => at(c, "at") === i) ? "on" : "dead")), "bars"),
      row(s, "Window.r.q.buf", (c, i) => cell(at(c, "v"), "at " + at(c, "at"), i < buf.length && kept.includes(c) ? "on" : "spare")),
      part("Window.r.q", ["head", "tail", "dirty"].map(n => cell(at(q, n), n))), fields(s, "Window.r", "Window.r.pushed", "Window.r.k"),
      part("comparisons so far", [cell(at(s, "Compared")), cell(pushed ? (at(s, "Compared") / pushed).toFixed(2) : 0, "for each push")]),
      part("the candidates, oldest first", kept.map(c => cell(at(c, "v"))), "chain answer"),
    ]
  },

  bqueue(s) {
    const line = name => {
      const all = []
      for (let w = at(s, "direct." + name + ".front"); w != null; w = at(w, "next")) all.push(cell(at(w, "item"), ["awake", "parked", "signaled"][at(w, "state")] + ", outcome " + at(w, "outcome")))
      return part("direct." + name + ": waiters", all, "chain")
    }
    const ring = at(s, "direct.ring").at, head = at(s, "direct.head"), n = at(s, "direct.n"), held = ring.map((_, i) => ring[(head + i) % ring.length]).slice(0, n)
    return [
      row(s, "direct.ring", (v, i) => cell(v, i === head ? "head" : "", (i - head + ring.length) % ring.length < n ? "on" : "spare")),
      part("direct", ["head", "n", "closed", "puts", "takes", "putWaits", "takeWaits"].map(f => cell(at(s, "direct." + f), f))),
      part("direct.mu", [cell(at(s, "direct.mu") ? "locked" : "free")]), line("putters"), line("takers"), part("the items, oldest first", held.map(plain), "chain answer"),
    ]
  },
}
