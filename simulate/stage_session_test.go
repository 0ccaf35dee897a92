package simulate

import "testing"

func TestSession(t *testing.T) { runGolden(t, "session") }
