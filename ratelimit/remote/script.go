package remote

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"math/bits"
	"time"

	"example.com/flatline/ratelimit"
)

// script takes from one bucket for each key, or from none.
//
// ARGV is need, want, then for each key N, D and F: ticks in a microsecond, in a token,
// in a full bucket. It grants as many tokens as there are, at least need and at most
// want. It returns that number, or 0 if there are fewer than need, and for each key the
// ticks that its bucket then lacks. The value is the microsecond at which the bucket will
// be full, and after a dot the ticks beyond it.
//
// No bucket can lack more than F. If the value says so, the server's clock has been set
// back since: the bucket is then empty as of now. That is written even if nothing is
// granted; otherwise the bucket would stay empty until the clock has caught up.
const script = `local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local need, give = ARGV[1] + 0, ARGV[2] + 0
local out, over = {0}, {}
for i = 1, #KEYS do
  local F, debt = ARGV[3 * i + 2] + 0, 0
  local v = redis.call('GET', KEYS[i])
  if v then
    local us, frac = v, 0
    local dot = string.find(v, '.', 1, true)
    if dot then us, frac = string.sub(v, 1, dot - 1), string.sub(v, dot + 1) end
    debt = (us - now) * ARGV[3 * i] + frac
    if debt < 0 then debt = 0 elseif debt > F then debt, over[i] = F, true end
  end
  out[i + 1] = debt
  local room = math.floor((F - debt) / ARGV[3 * i + 1])
  if room < give then give = room end
end
if give < need then give = 0 end
out[1] = give
for i = 1, #KEYS do
  if give > 0 or over[i] then
    local N = ARGV[3 * i] + 0
    local debt = out[i + 1] + give * ARGV[3 * i + 1]
    out[i + 1] = debt
    local us = math.floor(debt / N)
    local full, frac = now + us, debt - us * N
    if frac > 0 then full = string.format('%.0f.%.0f', full, frac) end
    redis.call('SET', KEYS[i], full, 'PX', math.floor(us / 1000) + 2)
  end
end
return out`

// single is script for one key, with its tariff N, D and F written into it: this saves
// the server reading three arguments, and a loop, in each take. ARGV is need, and want if
// it is more. Where N is 1 there is no dot in the value. The value is passed as a string,
// since Redis would format a number with 17 digits, which takes longer; its two parts each
// fit in the 32 bits that %d has on some systems.
const single = `local call, N, D, F = redis.call, %d, %d, %d
local t, v, debt, over = call('TIME'), call('GET', KEYS[1]), 0, false
local now, need = t[1] * 1000000 + t[2], ARGV[1] + 0
local give = ARGV[2] and ARGV[2] + 0 or need
if v then
  local frac = 0
  if N > 1 then
    local dot = string.find(v, '.', 1, true)
    if dot then v, frac = string.sub(v, 1, dot - 1), string.sub(v, dot + 1) end
  end
  debt = (v - now) * N + frac
  if debt < 0 then debt = 0 elseif debt > F then debt, over = F, true end
end
local room = (F - debt) / D
if room < give then give = room - room %% 1 end
if give < need then
  if not over then return {0, debt} end
  give = 0
end
debt = debt + give * D
local frac = debt %% N
local us = (debt - frac) / N
local full, format = now + us, string.format
local v = format('%%d%%06d', (full - full %% 1000000) / 1000000, full %% 1000000)
if frac > 0 then v = v .. format('.%%.0f', frac) end
call('PSETEX', KEYS[1], (us - us %% 1000) / 1000 + 2, v)
return {give, debt}`

// keeping is script for buckets whose value includes its tariff: the microsecond at which
// the bucket will be full, the ticks beyond it, and the tariff's N, D and F. Under
// another tariff a bucket that is not full has the same tokens, up to the new burst. The
// conversion is written even if nothing is granted; otherwise the bucket would continue
// to fill at the old rate. The same holds for a bucket that is empty because the clock
// was set back.
const keeping = `local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local need, give = ARGV[1] + 0, ARGV[2] + 0
local out, other = {0}, {}
for i = 1, #KEYS do
  local N, D, F, debt = ARGV[3 * i] + 0, ARGV[3 * i + 1] + 0, ARGV[3 * i + 2] + 0, 0
  local us, frac, n, d, f = string.match(redis.call('GET', KEYS[i]) or '', '^(%d+)%.(%d+)/(%d+)/(%d+)/(%d+)$')
  if us then
    n, d, f = n + 0, d + 0, f + 0
    debt = math.max(0, (us - now) * n + frac)
    if debt > f then debt, other[i] = f, true end
    if debt > 0 and (n ~= N or d ~= D or f ~= F) then
      debt = math.max(0, math.min(math.ceil(F - (f - debt) / d * D), F))
      other[i] = true
    end
  end
  out[i + 1] = debt
  local room = math.floor((F - debt) / D)
  if room < give then give = room end
end
if give < need then give = 0 end
out[1] = give
for i = 1, #KEYS do
  if give > 0 or other[i] then
    local N = ARGV[3 * i] + 0
    local debt = out[i + 1] + give * ARGV[3 * i + 1]
    out[i + 1] = debt
    local us = math.floor(debt / N)
    local v = string.format('%.0f.%.0f/%s/%s/%s', now + us, debt - us * N, ARGV[3 * i], ARGV[3 * i + 1], ARGV[3 * i + 2])
    redis.call('SET', KEYS[i], v, 'PX', math.floor(us / 1000) + 2)
  end
end
return out`

// A program is a script, and the SHA-1 by which a server that knows the script calls it.
type program struct{ text, sha string }

func programOf(text string) program {
	sum := sha1.Sum([]byte(text))
	return program{text, hex.EncodeToString(sum[:])}
}

// several is the program of TakeAll and TakeEach, kept is the same for limiters with
// Keep.
var several, kept = programOf(script), programOf(keeping)

// program returns the program of Take.
func (t tariff) program() program { return programOf(fmt.Sprintf(single, t.n, t.d, t.full)) }

// A tariff is a rate and a burst in ticks.
type tariff struct{ n, d, full int64 }

// maxFull bounds the ticks in a bucket: a float64 counts to 2^53.
const maxFull = 1 << 52

// tariffOf returns the ticks of a rate that is neither zero nor Inf. Where they do
// not fit it takes coarser ones and rounds the time of a token up. It reports false
// if not even whole microseconds fit: 142 years until full.
func tariffOf(r ratelimit.Rate, burst int64) (tariff, bool) {
	events, per := r.Fraction()
	g := gcd(1000, int64(per))
	if d := int64(per) / g; events <= maxFull/(1000/g) && fits(burst, d) {
		return tariff{events * (1000 / g), d, burst * d}, true
	}
	for n := int64(1 << 20); n > 0; n /= 2 {
		// A token takes per/events nanoseconds, which is n*per/(1000*events) ticks.
		hi, lo := bits.Mul64(uint64(per), uint64(n))
		if hi >= 1000 {
			continue
		}
		q, rest := bits.Div64(hi, lo, 1000)
		d := int64(q / uint64(events))
		if rest > 0 || q%uint64(events) > 0 {
			d++
		}
		if d >= 0 && fits(burst, d) {
			return tariff{n, d, burst * d}, true
		}
	}
	return tariff{}, false
}

func fits(burst, d int64) bool { return d > 0 && burst <= maxFull/d }

// time returns how long that many ticks take, rounded up to the microsecond.
func (t tariff) time(ticks int64) time.Duration {
	if ticks <= 0 {
		return 0
	}
	return time.Duration((ticks-1)/t.n+1) * time.Microsecond
}

// decide makes a Decision for one bucket from the script's answer.
func (t tariff) decide(ok bool, n, burst, debt int64) ratelimit.Decision {
	d := ratelimit.Decision{OK: ok, Limit: burst, Remaining: (t.full - debt) / t.d, ResetAfter: t.time(debt)}
	if !ok {
		d.RetryAfter = t.time(n*t.d - (t.full - debt))
	}
	return d
}

// keyOf returns the key in the store: the caller's key is the hash tag, so that all its
// tiers are on one node of a cluster.
func keyOf(prefix, key, suffix string) string {
	return prefix + "{:" + key + "}" + suffix
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
