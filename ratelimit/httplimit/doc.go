// Package httplimit limits the requests of each client of a net/http server.
//
// # Question
//
// "Protect an HTTP API from its clients, fairly, and tell them where they stand."
//
// # Idea
//
// A ratelimit.Keyed in front of a handler. Every response says in the fields of the
// IETF draft what the policy is and what is left of it, so that a client can slow
// down before it is refused:
//
//	RateLimit-Policy: "default";q=100;w=60     100 at once, and 100 more in each 60 s
//	RateLimit: "default";r=50;t=1              50 left, one more in a second
//
// A request that is refused gets status 429 and Retry-After, the seconds until it
// would be let through, which is never earlier than t. Seconds are rounded up: a client
// that waits so long is let through.
//
// The fields are lists. Where several limits stand one behind the other, each adds its
// item; a handler with limits of its own does so with Policy.Add. Over has several limits
// in one place, of any kind, from which a request takes all or nothing.
//
// # Invariants
//
//	I1  a handler runs if and only if its request was granted (TestFields)
//	I2  a header of the client's never chooses its key, unless a proxy that is
//	    trusted wrote it (FuzzClientIP)
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
//   - a client leaves a quote open in Forwarded: what the proxies wrote behind it is read
//     all the same (TestForwarded)
//   - a client has a whole IPv6 network: it is one client, of /64, /56 or /48
//     (TestIPv6Prefix)
//   - a request costs 0, or more than the burst: it is not counted, or always refused
//     (TestCostAndSkip)
//   - one of several tiers refuses: none has given (TestOver)
//   - a key is a megabyte long: its hash is kept (TestLongKeys)
//   - a million clients come at once: MaxKeys of them are kept, those that owe longest
//     (TestKeysAreBounded)
//   - two limits stand one behind the other: the fields list both, Retry-After is that
//     of the one that refused (TestNested)
//   - the rate is 0: no Retry-After, for no waiting helps (TestOptions)
//   - a client waits Retry-After: it is let through (TestRetryAfterIsNoEarlierThanT)
//   - a number has more than 15 digits: the largest that the syntax allows is sent
//     (TestIntegers)
//
// # Concurrency
//
// What New, Over, Client and ClientIP return is safe for concurrent use.
//
// # Trade-offs
//
// Each process counts for itself: behind n servers a client gets up to n times the
// rate; ratelimit/remote shares one count. An address is not a person: those behind
// one NAT share a bucket, so prefer a Key that is an account where there is one.
//
// # References
//
// IETF draft-ietf-httpapi-ratelimit-headers-09 and -10, "RateLimit header fields for
// HTTP" (2025); RFC 6585 for 429; RFC 9110 section 10.2.3 for Retry-After; RFC 9651
// for the syntax; RFC 6177 for a client's /64 and a site's /56 or /48; RFC 7239 for
// Forwarded.
package httplimit
