package project

import (
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apachebase"
	"github.com/dispcheck/dispcheck/source"
)

// ImmutableFiles returns the files that a project for the Cloud Service must not change, seen from the
// folder that holds conf.d and conf.dispatcher.d: their checksums are compared when it is deployed, and white space is
// enough to fail. Source: adobe/aem-project-archetype, dispatcher.cloud, list of immutable files.
func ImmutableFiles() []string {
	return []string{
		"conf.d/available_vhosts/default.vhost",
		"conf.d/dispatcher_vhost.conf",
		"conf.d/enabled_vhosts/vhosts.conf",
		"conf.d/rewrites/default_rewrite.rules",
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

// Immutable reports whether a text of the project is the platform's and not its owner's to change: one of
// [ImmutableFiles] under the Cloud Service, one of the base files of Managed Services (their names start with ams_, behind
// a number for farms; AdobeDocs/experience-manager-learn.en, ams/dispatcher/immutable-files.md), or one that stands in
// for such a file. A classic installation has none.
func (p *Project) Immutable(f *source.File) bool {
	name := p.nameOf(f)
	if name == "" {
		return apachebase.Brought(f)
	}
	return p.platforms(name)
}

// platforms reports whether a file of that name in FS is the platform's.
func (l *Location) platforms(name string) bool {
	if l.Root != "." {
		inside, ok := strings.CutPrefix(name, l.Root+"/")
		if !ok {
			return false
		}
		name = inside
	}
	switch l.Kind {
	case Cloud:
		return slices.Contains(ImmutableFiles(), name)
	case AMS:
		return amsBase(name)
	}
	return false
}

// amsServer are the base files of Managed Services in conf.d, seen from there. The whitelists are those of earlier packages.
// Source: adobe/aem-project-archetype, dispatcher.ams, list of immutable files.
var amsServer = []string{
	"available_vhosts/000_unhealthy_author.vhost", "available_vhosts/000_unhealthy_publish.vhost", "available_vhosts/aem_author.vhost",
	"available_vhosts/aem_flush.vhost", "available_vhosts/aem_health.vhost", "available_vhosts/aem_lc.vhost", "available_vhosts/aem_publish.vhost",
	"dispatcher_vhost.conf", "logformat.conf", "security.conf", "rewrites/base_rewrite.rules", "rewrites/xforwarded_forcessl_rewrite.rules",
	"allowlists/000_base_allowlist.rules", "whitelists/000_base_whitelist.rules",
}

// amsBase reports whether a name, seen from the folder that holds conf.dispatcher.d, is that of a base file of Managed
// Services.
func amsBase(name string) bool {
	if inside, ok := strings.CutPrefix(name, httpdFolder+"/"); ok {
		return slices.Contains(amsServer, inside)
	}
	folder, base := path.Split(name)
	inside, ok := strings.CutPrefix(folder, anyFolder+"/")
	switch {
	case !ok || path.Ext(base) != ".any":
		return false
	case inside == "":
		return base == entryName
	case strings.HasPrefix(base, "ams_"):
		return true
	}
	const number = 3 // digits before the name of a farm
	return len(base) > number && strings.Trim(base[:number], "0123456789") == "" && strings.HasPrefix(base[number:], "_ams_")
}
