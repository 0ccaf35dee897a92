package apexpr

import (
	"net/netip"
	"strconv"
	"strings"
)

// A subnet is a network as Require ip and -R take it: an address, a network with the length or the mask behind '/', or the
// first bytes of an IPv4 address.
type subnet struct {
	addr netip.Addr // IPv4 addresses in their own form
	mask []byte
}

// parseAddr reads an address. An IPv4 address in IPv6 form is an IPv4 address.
func parseAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// clientAddr reads the address that -ipmatch compares, which may be short as in 127.1. known is false for the name of a
// host, which httpd looks up.
func clientAddr(s string) (addr netip.Addr, ok, known bool) {
	if addr, ok = parseAddr(s); ok || s == "" || strings.Contains(s, ":") {
		return addr, ok, true
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return addr, false, false
	}
	var value uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 32)
		if err != nil || strings.ContainsAny(part, "_oObB") {
			return addr, false, false
		}
		if last := i == len(parts)-1; !last && n > 255 || last && n >= 1<<(8*(4-i)) {
			return addr, false, false
		}
		if i == len(parts)-1 {
			value |= n
		} else {
			value |= n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true, true
}

func parseSubnet(text string) (*subnet, bool) {
	host, mask, masked := strings.Cut(text, "/")
	addr, ok := parseAddr(host)
	if ok && strings.Contains(host, ":") && addr.Is4() {
		return nil, false // httpd refuses it in this form
	}
	if !ok {
		if masked {
			return nil, false
		}
		return parseStart(host)
	}
	s := &subnet{addr: addr}
	length := addr.BitLen()
	if masked {
		n, err := strconv.Atoi(mask)
		switch {
		case err == nil:
			if n < 1 || n > length {
				return nil, false
			}
			length = n
		case addr.Is4():
			m, err := netip.ParseAddr(mask)
			if err != nil || !m.Is4() {
				return nil, false
			}
			s.mask = m.AsSlice()
			return s, true
		default:
			return nil, false
		}
	}
	s.mask = lengthMask(length, addr.BitLen()/8)
	return s, true
}

// parseStart reads the first bytes of an IPv4 address: 10 or 192.168.
func parseStart(text string) (*subnet, bool) {
	parts := strings.Split(strings.TrimSuffix(text, "."), ".")
	if len(parts) > 4 {
		return nil, false
	}
	var bytes [4]byte
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return nil, false
		}
		bytes[i] = byte(n)
	}
	return &subnet{addr: netip.AddrFrom4(bytes), mask: lengthMask(8*len(parts), 4)}, true
}

func lengthMask(length, size int) []byte {
	mask := make([]byte, size)
	for i := range mask {
		n := min(max(length-8*i, 0), 8)
		mask[i] = ^byte(0xFF >> n)
	}
	return mask
}

// has reports whether the address is in the network.
func (s *subnet) has(a netip.Addr) bool {
	if a.BitLen() != s.addr.BitLen() {
		return false
	}
	x, y := a.As16(), s.addr.As16()
	for i, m := range s.mask {
		at := i + 16 - len(s.mask)
		if (x[at]^y[at])&m != 0 {
			return false
		}
	}
	return true
}
