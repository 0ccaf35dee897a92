package report

import "github.com/dispcheck/dispcheck/suite"

// An Expectation is what an answer must say: the value at a path into its JSON, or one of the short forms of paths.
type Expectation struct{ Path, Value string }

// An Answer is a simulation as JSON has it.
type Answer = suite.Answer

// A PathError says that an expectation asks for something that no answer has.
type PathError = suite.PathError

// NewAnswer gives a simulation as JSON has it.
func NewAnswer(v *SimulationJSON) (Answer, error) { return suite.NewAnswer(v) }

// Compare returns what is there in place of what is expected, and whether that is the same. The error is a *PathError.
func (e Expectation) Compare(answer Answer) (got string, same bool, err error) {
	want := suite.Literal(e.Path, e.Value)
	c, err := want.Check(answer)
	if c.OK && e.Path == "log" {
		c.Actual = e.Value
	}
	return c.Actual, c.OK, err
}
