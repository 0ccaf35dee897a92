package project

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/source"
)

// ImmutableFiles returns the .any and .farm files that a project for the Cloud Service must not change, seen from the
// folder that holds conf.d and conf.dispatcher.d: their checksums are compared when it is deployed, and white space is
// enough to fail. Source: adobe/aem-project-archetype, dispatcher.cloud, list of immutable files.
func ImmutableFiles() []string {
	return []string{
		"conf.dispatcher.d/available_farms/default.farm",
		"conf.dispatcher.d/cache/default_invalidate.any",
		"conf.dispatcher.d/cache/default_rules.any",
		"conf.dispatcher.d/clientheaders/default_clientheaders.any",
		"conf.dispatcher.d/dispatcher.any",
		"conf.dispatcher.d/enabled_farms/farms.any",
		"conf.dispatcher.d/filters/default_filters.any",
		"conf.dispatcher.d/renders/default_renders.any",
		"conf.dispatcher.d/virtualhosts/default_virtualhosts.any",
	}
}

// Immutable reports whether a text of the project is one of [ImmutableFiles], or stands in for one that the service puts
// there. Outside of the Cloud Service none is.
func (p *Project) Immutable(f *source.File) bool {
	if p.Kind != Cloud || p.Tree == nil {
		return false
	}
	name := p.Tree.Name(f)
	if p.Root != "." {
		inside, ok := strings.CutPrefix(name, p.Root+"/")
		if !ok {
			return false
		}
		name = inside
	}
	return slices.Contains(ImmutableFiles(), name)
}
