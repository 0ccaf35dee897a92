package decisiondiff

// An alignment says of two lists which of their entries have one of the same kind on the other side, in the same order.
type alignment struct {
	// before and after say of each entry of the first and second list that it has none: it was taken out, put in, changed,
	// or moved past one that has.
	before, after []bool
}

// maxTable bounds the table of the longest common subsequence; beyond it, all in the middle counts as changed.
const maxTable = 4_000_000

// align compares two lists of fingerprints.
func align(before, after []string) alignment {
	a := alignment{make([]bool, len(before)), make([]bool, len(after))}
	start := 0
	for start < len(before) && start < len(after) && before[start] == after[start] {
		start++
	}
	endB, endA := len(before), len(after)
	for endB > start && endA > start && before[endB-1] == after[endA-1] {
		endB, endA = endB-1, endA-1
	}
	b, c := before[start:endB], after[start:endA]
	if len(b)*len(c) > maxTable {
		for i := range b {
			a.before[start+i] = true
		}
		for i := range c {
			a.after[start+i] = true
		}
		return a
	}
	table := make([][]int32, len(b)+1)
	for i := range table {
		table[i] = make([]int32, len(c)+1)
	}
	for i := len(b) - 1; i >= 0; i-- {
		for j := len(c) - 1; j >= 0; j-- {
			if b[i] == c[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(b) || j < len(c) {
		switch {
		case i < len(b) && j < len(c) && b[i] == c[j]:
			i, j = i+1, j+1
		case j == len(c) || i < len(b) && table[i+1][j] >= table[i][j+1]:
			a.before[start+i] = true
			i++
		default:
			a.after[start+j] = true
			j++
		}
	}
	return a
}

// any reports whether anything differs.
func (a *alignment) any() bool {
	for _, list := range [...][]bool{a.before, a.after} {
		for _, b := range list {
			if b {
				return true
			}
		}
	}
	return false
}

// fingerprints are those of a list.
func fingerprints[T any](list []T) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = fingerprint(list[i])
	}
	return out
}
