package suppression

import (
	"testing"

	"github.com/dispcheck/dispcheck/internal/ruletest"
)

func TestCases(t *testing.T) { ruletest.Cases(t, Rules()) }
