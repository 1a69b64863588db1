//go:build !linux

package concmap

func slowest(func() storer) float64 { panic("the time of a thread is read on Linux only") }
