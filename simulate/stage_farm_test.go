package simulate

import "testing"

func TestFarm(t *testing.T) { runGolden(t, "farm") }
