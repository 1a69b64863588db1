// Package lfu answers: design a data structure for an efficient least frequently
// used (LFU) cache.
package lfu
