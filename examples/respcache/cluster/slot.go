package cluster

import "bytes"

// Slots is the number of slots. Every key belongs to one, and every slot to one group of
// nodes.
const Slots = 16384

// Slot returns the slot of a key: the CRC16 of the key or, if the key has a hash tag, of
// the tag alone. The tag is what lies between the first { and the next }, unless that is
// empty. Keys with the same tag are in one slot, so that one command can have them all.
// O(length of the key), without an allocation.
func Slot(key []byte) int {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		if n := bytes.IndexByte(key[open+1:], '}'); n > 0 {
			key = key[open+1 : open+1+n]
		}
	}
	return int(crc16(key)) % Slots
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, initial value 0. Clients of Redis compute the
// same.
func crc16(b []byte) (crc uint16) {
	for _, c := range b {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^c]
	}
	return crc
}

var crcTable = func() (t [256]uint16) {
	for i := range t {
		crc := uint16(i) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
		t[i] = crc
	}
	return t
}()
