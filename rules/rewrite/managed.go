package rewrite

import (
	"fmt"
	"slices"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/managedmaps"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
)

// flexibleMode is the file that switches the flexible mode of the Cloud Service on.
const flexibleMode = "opt-in/USE_SOURCES_DIRECTLY"

var managedMapsFile = lint.Rule{
	ID: "DSP677", Name: "managed-maps-file", Severity: diag.Error, Profiles: []string{"cloud"}, Server: checkManagedMaps,
	Doc: lint.Doc{
		Title: "list of maps that the cloud fetches cannot be used",
		Why: "The Cloud Service fetches the maps of opt-in/managed-rewrite-maps.yaml from AEM and makes a database of each in /tmp/rewrites. An entry " +
			"without a name or a path, or one that cannot be read, gives no database, and httpd does not start with a RewriteMap whose file is not there.",
		File: "conf.dispatcher.d/dispatcher.any",
		Bad:  "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n", Good: "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n",
		Files: []lint.File{
			{Name: flexibleMode},
			{Name: "conf.dispatcher.d/available_farms/site.farm", Text: "/site {\n\t/virtualhosts { \"www.example.com\" }\n\t/renders {\n\t\t/rend01 { /hostname \"${AEM_HOST}\" /port \"${AEM_PORT}\" }\n\t}\n}\n"},
			{Name: "conf.dispatcher.d/enabled_farms/site.farm", Link: "../available_farms/site.farm"},
			{Name: "conf.d/available_vhosts/site.vhost", Text: mapHost},
			{Name: "conf.d/enabled_vhosts/site.vhost", Link: "../available_vhosts/site.vhost"},
		},
		BadFiles:  []lint.File{{Name: managedmaps.File, Text: "maps:\n  - name: moved.map\n"}},
		GoodFiles: []lint.File{{Name: managedmaps.File, Text: "maps:\n  - name: moved.map\n    path: /content/dam/site/moved.txt\n"}},
		Note:      "A map that no RewriteMap opens is a warning. The maps need the flexible mode.",
		Since:     since,
		Sources:   []string{"AdobeDocs/experience-manager-cloud-service.en, pipeline-free-redirects.md"},
	},
}

// mapHost is a virtual host that opens a map which the cloud fetches.
const mapHost = `<VirtualHost *:80>
	ServerName www.example.com
	DocumentRoot "${DOCROOT}"
	<Directory "${DOCROOT}">
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	RewriteMap moved dbm=sdbm:/tmp/rewrites/moved.map
	RewriteCond "${moved:$1}" "^(.+)$"
	RewriteRule "^(/.*)$" "%1" [R=301,L]
</VirtualHost>
`

func checkManagedMaps(p *lint.Pass, s *server.Server) {
	if p.Subject.Folders == nil {
		return
	}
	f := p.Subject.Folders.Read(managedmaps.File)
	if f == nil {
		return
	}
	if !slices.ContainsFunc(p.Subject.Folders.Entries(), func(e lint.Entry) bool { return e.Name == flexibleMode }) {
		p.Report(diag.Diagnostic{
			Span: f.Span(0, 0), Message: "maps that the cloud fetches need the flexible mode", Hint: "switch to it with the file " + flexibleMode,
		})
	}
	maps, mistakes := managedmaps.Read(f)
	for _, m := range mistakes {
		p.Report(diag.Diagnostic{Span: m.At, Message: m.Message, Hint: m.Hint})
	}
	opened := map[string]bool{}
	for _, h := range append([]*server.Host{s.Main}, s.Hosts...) {
		for _, m := range h.Maps {
			opened[m.Source] = true
		}
	}
	for _, m := range maps {
		if !opened[managedmaps.Folder+m.Name] {
			p.Report(diag.Diagnostic{
				Span: m.At, Severity: diag.Warning, Message: fmt.Sprintf("map %s is opened by no RewriteMap", m.Name),
				Hint: "write RewriteMap NAME dbm=sdbm:" + managedmaps.Folder + m.Name + " in the virtual host",
			})
		}
	}
}
