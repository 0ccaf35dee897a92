package yamltext

import "github.com/dispcheck/dispcheck/source"

// Kind says what a node is.
type Kind uint8

// The kinds of node.
const (
	Null     Kind = iota + 1 // nothing, ~ or null
	Bool                     // true or false
	Number                   // an integer or a decimal
	String                   // any other value
	List                     // a sequence
	Mapping                  // keys with values
	lastKind = Mapping
)

var kindNames = [...]string{Null: "nothing", Bool: "true or false", Number: "a number", String: "a text", List: "a list", Mapping: "a mapping"}

// String returns the kind in words that fit into "is …": "a text", "a list", "nothing".
func (k Kind) String() string {
	if k == 0 || k > lastKind {
		return "unknown"
	}
	return kindNames[k]
}

// A Node is one value of a YAML text.
type Node struct {
	Kind Kind
	// Span covers the value as written. A list or a mapping reaches from its first to its last entry.
	Span source.Span
	// Text is a plain value without quotes and escapes; "" for a list, a mapping and nothing.
	Text string
	// Quoted says that the value stands in quotes or in a block of its own, and so is a String
	// whatever it looks like.
	Quoted bool
	// Items are the entries of a List.
	Items []*Node
	// Entries are the entries of a Mapping, in the order of the text. No two have the same key.
	Entries []Entry
}

// An Entry is one key of a mapping with its value.
type Entry struct {
	Key   *Node // Bool, Number or String; Text is the key
	Value *Node
}

// Lookup returns the value of a key of a Mapping, and nil where there is none.
func (n *Node) Lookup(key string) *Node {
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return nil
}

// IsScalar reports whether the node is neither a list nor a mapping.
func (n *Node) IsScalar() bool { return n.Kind != List && n.Kind != Mapping }
