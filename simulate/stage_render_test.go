package simulate

import "testing"

func TestRender(t *testing.T) { runGolden(t, "render") }
