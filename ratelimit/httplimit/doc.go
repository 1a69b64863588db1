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
//	RateLimit-Policy: "default";q=100;w=60     100 at once, full again in 60 s
//	RateLimit: "default";r=50;t=30             50 left, full again in 30 s
//
// A request that is refused gets status 429 and Retry-After, the seconds until it
// would be let through. Seconds are rounded up: a client that keeps to them is
// let through.
//
// # Invariants
//
//	I1  a handler runs if and only if its request was granted
//	I2  a header of the client's never chooses its key, unless a proxy that is
//	    trusted wrote it
//
// # Complexity
//
// That of ratelimit.Keyed.Take: O(1) expected for each request.
//
// # Concurrency
//
// What New and ClientIP return is safe for concurrent use.
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
// for the syntax; RFC 6177 for a client's /64.
package httplimit
