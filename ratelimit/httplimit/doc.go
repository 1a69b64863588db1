// Package httplimit limits the requests of each client of a net/http server.
//
// # Question
//
// "Protect an HTTP API from its clients, fairly, and tell them where they stand."
//
// # Idea
//
// A ratelimit.Keyed in front of a handler. Every response states the policy, and what is
// left of it, in the fields of the IETF draft, so that a client can slow down before it
// is refused:
//
//	RateLimit-Policy: "default";q=100;w=60     100 at once, and 100 more in each 60 s
//	RateLimit: "default";r=50;t=1              50 left, one more in a second
//
// A request that is refused gets status 429 and Retry-After, the seconds until it would
// be granted, which is never earlier than t. Seconds are rounded up, so a client that
// waits that long is granted.
//
// The fields are lists. Where a request passes several limits, each adds its item; a
// handler that has further limits adds theirs with Policy.Add. Over applies several
// limits of any kind in one place: a request takes from all of them or from none.
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
// The values that New, Over, Client and ClientIP return are safe for concurrent use.
//
// # Trade-offs
//
// Each process counts by itself: with n servers a client gets up to n times the rate;
// ratelimit/remote shares one count. An address is not a person: clients behind one NAT
// share a bucket, so use the account as the Key where there is one.
//
// # References
//
// IETF draft-ietf-httpapi-ratelimit-headers-09 and -10, "RateLimit header fields for
// HTTP" (2025); RFC 6585 for 429; RFC 9110 section 10.2.3 for Retry-After; RFC 9651
// for the syntax; RFC 6177 for a client's /64 and a site's /56 or /48; RFC 7239 for
// Forwarded.
package httplimit
