// Package spelling says how far one word is from another, for hints such as "did you mean /filter?". What
// words there are, and how near is near enough, is for those who ask; many ask for the [Nearest].
package spelling

// Edits counts the bytes to insert, remove, replace or swap with their neighbour to make b of a. A count
// above limit is only known to be above it, as is that of words of more than 255 bytes.
func Edits(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit || len(a) > 255 {
		return limit + 1
	}
	var rows [3][260]int
	before, above, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			n := min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				n = min(n, before[j-2]+1)
			}
			row[j] = n
			least = min(least, n)
		}
		if least > limit {
			return limit + 1
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
