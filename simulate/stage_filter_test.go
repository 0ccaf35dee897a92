package simulate

import "testing"

func TestFilter(t *testing.T) { runGolden(t, "filter") }
