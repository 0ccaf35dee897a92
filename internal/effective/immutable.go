package effective

import (
	"path"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/source"
)

// immutableApache are the files of httpd that the platforms bring and that projects hold copies of.
//
// Sources: adobe/aem-project-archetype, dispatcher.cloud and dispatcher.ams, lists of immutable files;
// AdobeDocs/experience-manager-learn.en, ams/dispatcher/immutable-files.md.
var immutableApache = map[project.Kind][]string{
	project.Cloud: {
		"conf.d/dispatcher_vhost.conf", "conf.d/available_vhosts/default.vhost", "conf.d/enabled_vhosts/vhosts.conf",
		"conf.d/rewrites/default_rewrite.rules",
	},
	project.AMS: {
		"conf.d/dispatcher_vhost.conf", "conf.d/logformat.conf", "conf.d/security.conf",
		"conf.d/available_vhosts/aem_author.vhost", "conf.d/available_vhosts/aem_publish.vhost", "conf.d/available_vhosts/aem_lc.vhost",
		"conf.d/available_vhosts/aem_flush.vhost", "conf.d/available_vhosts/aem_health.vhost",
		"conf.d/available_vhosts/000_unhealthy_author.vhost", "conf.d/available_vhosts/000_unhealthy_publish.vhost",
		"conf.d/rewrites/base_rewrite.rules", "conf.d/rewrites/xforwarded_forcessl_rewrite.rules",
		"conf.d/allowlists/000_base_allowlist.rules", "conf.d/whitelists/000_base_whitelist.rules",
	},
}

// immutable reports whether a text of httpd is the platform's, with a copy in the project. Virtual hosts that are read
// through their links are known by the name of the link.
func (s *Site) immutable(f *source.File) bool {
	p := s.Project
	for _, name := range immutableApache[p.Kind] {
		if p.Show(path.Join(p.Root, name)) == f.Name {
			return true
		}
		if path.Dir(name) == "conf.d/available_vhosts" && p.Show(path.Join(p.Root, "conf.d/enabled_vhosts", path.Base(name))) == f.Name {
			return true
		}
	}
	return false
}
