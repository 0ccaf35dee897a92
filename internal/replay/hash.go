package replay

import (
	"encoding/binary"
	"math/bits"
)

// hashOf returns 64 bits of a text, the same on every machine. It is wyhash (Wang Yi, public domain), without a secret seed: a log
// that is made to collide makes the table slow by a factor that its bounds keep small, and never wrong, as keys are compared.
func hashOf(b []byte) uint64 {
	const (
		s0 = 0xa0761d6478bd642f
		s1 = 0xe7037ed1a0b428db
		s2 = 0x8ebc6af09c88c6e3
	)
	n := len(b)
	seed := uint64(s0)
	var a, c uint64
	switch {
	case n > 16:
		for len(b) > 16 {
			seed = mix(binary.LittleEndian.Uint64(b)^s1, binary.LittleEndian.Uint64(b[8:])^seed)
			b = b[16:]
		}
		var tail [16]byte
		copy(tail[:], b)
		a, c = binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:])
	default:
		var tail [16]byte
		copy(tail[:], b)
		a, c = binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:])
	}
	return mix(s1^uint64(n), mix(a^s1, c^seed)^s2)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
