module example.com/flatline/examples/engines

go 1.26.0

replace example.com/flatline => ../..

require (
	example.com/flatline v0.0.0-00010101000000-000000000000
	example.com/flatline/ratelimit/redisstore v0.0.0-00010101000000-000000000000
	github.com/redis/go-redis/v9 v9.23.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/redis/rueidis v1.0.79 // indirect
	github.com/valkey-io/valkey-go v1.0.79 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)

replace example.com/flatline/ratelimit/redisstore => ../../ratelimit/redisstore
