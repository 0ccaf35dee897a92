package simulate

import "testing"

func TestVanity(t *testing.T) { runGolden(t, "vanity") }
