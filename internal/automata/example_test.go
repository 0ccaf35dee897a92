package automata_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
)

func ere(text string) *match.Pattern {
	p, err := match.ERE(text)
	if err != nil {
		return match.Nothing(match.KindERE, text)
	}
	return p
}

// An entry of a filter is dead if the entries after it match all that it matches: the last one that matches decides.
func ExampleSpace_Cover() {
	space, err := automata.NewSpace(automata.Universe{})
	if err != nil {
		log.Fatal(err)
	}
	var sets []*automata.Requests
	for _, e := range []automata.Elements{
		{Path: match.Glob("/content/*"), Extension: ere("html|json")}, // /0001
		{Method: match.Glob("GET"), URL: match.Glob("/content*")},     // /0002
		{Method: ere("[^G].*|G[^E].*|GE[^T].*|G|GE|GET.+")},           // /0003
	} {
		set, err := space.Entry(e)
		if err != nil {
			log.Fatal(err)
		}
		sets = append(sets, set)
	}
	cover, err := space.Cover(sets[0], sets[1:]...)
	fmt.Println(cover.Covered, cover.By, err)

	cover, err = space.Cover(sets[0], sets[1])
	fmt.Println(cover.Covered, err)
	rest, err := space.Difference(sets[0], sets[1])
	if err != nil {
		log.Fatal(err)
	}
	witness, _, err := space.Witness(rest)
	fmt.Println(witness, err)
	// Output:
	// true [0 1] <nil>
	// false <nil>
	// POST /content/a.html HTTP/1.1 <nil>
}

// A dot in /path is a mistake: the path of a URL ends before the first one.
func ExampleSpace_Empty() {
	space, err := automata.NewSpace(automata.Universe{})
	if err != nil {
		log.Fatal(err)
	}
	set, err := space.Entry(automata.Elements{Path: match.Glob("/content/*.cart.json")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(space.Empty(set))
	// Output: true <nil>
}

// Sections that compare one text need languages of strings only.
func ExampleLimit_Includes() {
	var limit automata.Limit
	utm, err := limit.Language(match.Glob("utm_*"))
	if err != nil {
		log.Fatal(err)
	}
	all, err := limit.Language(ere("[a-z_]+"))
	if err != nil {
		log.Fatal(err)
	}
	included, err := limit.Includes(all, utm)
	fmt.Println(included, err)
	rest, err := limit.Difference(utm, all)
	if err != nil {
		log.Fatal(err)
	}
	witness, _ := rest.Witness()
	fmt.Println(witness)
	// Output:
	// false <nil>
	// utm_0
}

// What is too large for an automaton is sampled.
func ExampleSpace_SampleEntry() {
	space, err := automata.NewSpace(automata.Universe{})
	if err != nil {
		log.Fatal(err)
	}
	entry := automata.Elements{URL: match.Glob("/bin/*"), Path: ere("/bin/.*|(a|b)*a(a|b){20}")}
	if _, err := space.Entry(entry); errors.Is(err, automata.ErrTooManyStates) {
		for _, r := range space.SampleEntry(entry, 2) {
			fmt.Println(r)
		}
	}
	// Output:
	// GET /bin/ HTTP/1.1
	// GET /bin/a HTTP/1.1
}
