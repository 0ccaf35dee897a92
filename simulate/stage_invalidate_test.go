package simulate

import "testing"

func TestInvalidate(t *testing.T) { runGolden(t, "invalidate") }
