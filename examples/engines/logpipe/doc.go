// Package logpipe compares examples/logpipe with VictoriaLogs, and reads its metrics with the
// parser of Prometheus. It holds tests only.
package logpipe
