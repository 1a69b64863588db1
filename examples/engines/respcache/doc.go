// Package respcache drives examples/respcache with go-redis, a client that knows nothing
// of it: whatever passes on redis-server passes on respcache. It holds tests only.
package respcache
