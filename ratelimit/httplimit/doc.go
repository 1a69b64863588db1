// Package httplimit limits the requests of each client of a net/http server.
//
// # Question
//
// "Protect an HTTP API from its clients, fairly, and tell them where they stand."
//
// # Idea
//
// A ratelimit.Keyed stands in front of a handler. Every response states the policy, and
// what is left of it, in the header fields of the IETF draft (below: the fields), so that
// a client can slow down before it is refused:
//
//	RateLimit-Policy: "default";q=100;w=60     100 at once, and 100 more in each 60 s
//	RateLimit: "default";r=50;t=1              50 left, one more in a second
//
// A request that is refused gets status 429 and Retry-After, the seconds until it would
// be granted, which is never earlier than t. Seconds are rounded up, so a client that
// waits that long is granted.
//
// The fields are lists. If a request passes several limits, each adds its item; a handler
// that has further limits adds theirs with [Policy.Add]. [Over] applies several limits of
// any kind in one place: a request takes from all of them or from none.
//
// # Invariants
//
//	I1  a handler runs if and only if its request was granted (TestFields)
//	I2  a header field never chooses a client's key, unless a trusted proxy wrote the field
//	    (FuzzClientIP)
//	I3  what a request costs does not depend on the length of its headers
//	    (TestForgedFieldsCostNothing, TestLongKeys)
//
// # Complexity
//
// That of ratelimit.Keyed.Take: O(1) expected for each request; for Over, that of
// ratelimit.TakeEach over its tiers.
//
// # What happens if
//
//   - a client that comes through no trusted proxy sends X-Forwarded-For: the field is not
//     read (TestClientIP)
//   - the field is a megabyte long: 64 entries of it are read at most
//     (TestForgedFieldsCostNothing)
//   - a client leaves a quote open in Forwarded: what the proxies wrote after it is still
//     read (TestForwarded)
//   - a client uses many addresses of its IPv6 network: they are one client, of /64, /56
//     or /48 (TestIPv6Prefix)
//   - a request costs 0: it is not counted; it costs more than the burst: it is always
//     refused (TestCostAndSkip)
//   - one of several tiers refuses: nothing is taken from any (TestOver)
//   - a key is a megabyte long: its hash is kept in its place (TestLongKeys)
//   - a million clients come at once: MaxKeys of them are kept, those whose buckets will
//     be full last (TestKeysAreBounded)
//   - a request passes one limit and then another: the fields list both, and Retry-After
//     is that of the limit that refused (TestNested)
//   - the rate is 0: no Retry-After is sent, since waiting does not help (TestOptions)
//   - a client waits for Retry-After: its request is granted
//     (TestRetryAfterIsNoEarlierThanT)
//   - a number has more than 15 digits: the largest that the syntax allows is sent
//     (TestIntegers)
//
// # Concurrency
//
// The functions that New, Over, Client and ClientIP return are safe for concurrent use.
//
// # Trade-offs
//
// Each process counts by itself: with n servers a client gets up to n times the rate;
// ratelimit/remote shares one count. An address is not a person: clients behind one NAT
// share a bucket, so use the account as the Key if there is one.
//
// # References
//
// IETF draft-ietf-httpapi-ratelimit-headers-09 and -10, "RateLimit header fields for
// HTTP" (2025); RFC 6585 for 429; RFC 9110 section 10.2.3 for Retry-After; RFC 9651
// for the syntax; RFC 6177 for a client's /64 and a site's /56 or /48; RFC 7239 for
// Forwarded.
package httplimit
