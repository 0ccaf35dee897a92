package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
)

// A Rule is one kind of mistake.
type Rule struct {
	// ID is the key in every output: "DSP" and three digits. It never changes and is never given anew.
	ID string
	// Name is the id for people, in kebab-case. It never changes either.
	Name string
	// Severity is that of most findings. Some are milder, where [Doc.Note] says so.
	Severity diag.Severity
	// Security says that the mistake lets strangers in, shows what is not theirs, or lets them stop the site. Outputs
	// that know such findings mark them.
	Security bool
	// Profiles are those in which the rule holds, of [Profiles]; nil stands for all of them.
	Profiles []string
	// Fixable says that the usual finding comes with an edit that puts it right. Where only some do,
	// [Doc.Note] says so.
	Fixable bool
	// Reported says who finds it, where that is not the rule itself: one of File, Config and Farm is set
	// instead, then.
	Reported Reported
	// File looks at one .any text, Config at a configuration, Farm at each farm of one in the order of the
	// text; Text at one text of httpd that the project has, Server at the httpd side, Host at each virtual host of
	// it. At most one of them is set. They report through the pass and must not keep it, nor change what
	// they see; a panic ends the rule and no other.
	File   func(*Pass, *grammar.File)
	Config func(*Pass, *model.Config)
	Farm   func(*Pass, *model.Farm)
	Server func(*Pass, *server.Server)
	Host   func(*Pass, *server.Host) // each virtual host
	Text   func(*Pass, *httpd.File)  // each text of the httpd side
	// Literal takes the place of Farm under the policy [Literal]: it looks as the rule's counterpart in
	// adobe/aem-dispatcher-optimizer-tool does, letter by letter, in every profile, and asks nobody. nil for a
	// rule that looks in one way. [Doc.Literal] says what it wants.
	Literal func(*Pass, *model.Farm)
	// Off says that the rule is not run unless a project asks for it.
	Off bool
	// Drops says that findings in a farm in front of an author instance are one step milder: there, policies
	// of filter and cache matter less than where the public comes in. See [Pass.For].
	Drops bool
	// Asks says that the rule asks [Subject.Oracle]. Where there is none, it does not run, and does not count as one
	// that has.
	Asks bool
	// InImmutable says that findings in files that their owner must not change keep their place and
	// severity, since what is at fault is elsewhere: a file of the owner's that is missing, farms that are. Without
	// it they are told at the owner's nearest $include line, as an info at most.
	InImmutable bool
	// Options are what a project can set about the rule.
	Options []Option
	// Doc explains the rule.
	Doc Doc
}

// Profiles returns the names of the profiles: what runs a configuration. "cloud" is AEM as a Cloud
// Service, "ams" Adobe Managed Services, "classic" an httpd that its owner runs.
func Profiles() []string { return []string{"cloud", "ams", "classic"} }

// AllProfiles is the word for a rule that holds in every profile.
const AllProfiles = "all"

// ProfileNames returns the profiles in which the rule holds, for people: [AllProfiles] alone where it
// holds in each.
func (r *Rule) ProfileNames() []string {
	if r.Profiles == nil {
		return []string{AllProfiles}
	}
	return slices.Clone(r.Profiles)
}

// Looks reports whether the rule looks for its mistake itself: whether one of its functions is set.
func (r *Rule) Looks() bool {
	return r.File != nil || r.Config != nil || r.Farm != nil || r.Server != nil || r.Host != nil || r.Text != nil
}

// FoundBy returns who finds the mistake, for people: the names of Reported, or "rule" alone for a rule that
// looks for itself.
func (r *Rule) FoundBy() []string {
	if r.Looks() {
		return []string{"rule"}
	}
	return r.Reported.Names()
}

// holds reports whether the rule holds in a profile; in "", each does.
func (r *Rule) holds(profile string) bool {
	return profile == "" || r.Profiles == nil || slices.Contains(r.Profiles, profile)
}

// literally reports whether the rule looks in another way, or elsewhere, under a policy.
func (r *Rule) literally(p Policy) bool { return p == Literal && r.Literal != nil }

// A Reported is a set of those who find mistakes.
type Reported uint8

// Those who find mistakes, in the order in which they come to see a configuration.
const (
	ByGrammar   Reported = 1 << iota // the notation of one file: package grammar
	ByExpansion                      // includes, variables and the tree of files: internal/expand and internal/project
	ByModel                          // what sections, properties and values mean: package model
	ByServer                         // what httpd's texts and directives mean: internal/apacheconf and model/server
	ByLint                           // comments that suppress findings: this package
	ByLog                            // what logs show of a configuration: internal/replay, and never a run of the linter
)

// steps name the members of a Reported, in the order of their bits.
var steps = [...]string{"grammar", "expansion", "model", "server", "lint", "log"}

// Names returns the members of the set: "grammar", "expansion", "model", "server", "lint", "log".
func (r Reported) Names() []string {
	names := []string{}
	for i, name := range steps {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String returns the members of the set with commas between them.
func (r Reported) String() string { return strings.Join(r.Names(), ", ") }

// A Doc explains a rule. Its page, docs/rules/<id>.md, and dispcheck explain are made from it.
type Doc struct {
	// Title says in one line what is wrong: lower case, no full stop.
	Title string
	// Why says what goes wrong in a running Dispatcher, in sentences.
	Why string
	// Bad is a text that the rule reports, and Good the same put right, about which nobody reports
	// anything. Both are parts of a configuration, or whole ones where File is dispatcher.any.
	Bad, Good string
	// File is the name under which Bad and Good are read; "" where it does not matter.
	File string
	// Version is the release of the module with which the examples are read; "" for the newest.
	Version string
	// Files lie beside both examples, BadFiles beside Bad alone, GoodFiles beside Good alone.
	Files, BadFiles, GoodFiles []File
	// Options are what a project sets where both examples are read; nil: nothing.
	Options Options
	// Literal says what the rule wants under the policy literal, in sentences; "" where that changes nothing.
	Literal string
	// Note says what else to know, such as when findings are milder; "" for nothing.
	Note string
	// Since is the version of dispcheck that brought the rule.
	Since string
	// Sources are the public documents and programs that say so. A rule without any rests on what its
	// Why says.
	Sources []string
}

// A File lies beside an example. Names are slash-separated and start from the same folder.
type File struct {
	Name string
	// Text is what the file holds.
	Text string
	// Times is how often it holds Text; 0 is once. People are shown it once.
	Times int
	// Link is set where the file is a symbolic link: the path it points to, from the folder it lies in.
	Link string
}

// Examples returns the files of the bad example, or of the good one: the one that is about first, then
// those that lie beside it. The first has no name where [Doc.File] has none.
func (d *Doc) Examples(good bool) []File {
	text, own := d.Bad, d.BadFiles
	if good {
		text, own = d.Good, d.GoodFiles
	}
	return slices.Concat([]File{{Name: d.File, Text: text}}, own, d.Files)
}

// ReadWith says with what the examples are read, in words: the release of the module and the options; "" where both
// are the defaults.
func (d *Doc) ReadWith() string {
	var with []string
	if d.Version != "" {
		with = append(with, "Dispatcher "+d.Version)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Options)) {
		with = append(with, "the option "+name+": "+Written(d.Options[name].Value))
	}
	if len(with) == 0 {
		return ""
	}
	return "read with " + strings.Join(with, " and ")
}

// Shown returns the text for people: bytes that are no UTF-8 show as U+FFFD.
func (f File) Shown() string { return strings.ToValidUTF8(f.Text, "\uFFFD") }

// Content returns what the file holds, whole.
func (f File) Content() string { return strings.Repeat(f.Text, max(f.Times, 1)) }
