package simulate

import "testing"

func TestRewrite(t *testing.T) { runGolden(t, "rewrite") }
