// Package respcache drives examples/respcache with go-redis, an independent client:
// whatever passes on redis-server passes on respcache. It holds tests only.
package respcache
