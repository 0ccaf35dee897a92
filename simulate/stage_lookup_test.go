package simulate

import "testing"

func TestLookup(t *testing.T) { runGolden(t, "lookup") }
