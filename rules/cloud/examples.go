package cloud

import "github.com/dispcheck/dispcheck/lint"

// entryFile is read first in the examples, and allFarms is what it says.
const (
	entryFile = "conf.dispatcher.d/dispatcher.any"
	allFarms  = "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n"
)

// siteFarm is a farm for examples, without the sections that are made of an $include alone.
const siteFarm = `/site {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`

// siteHost is a virtual host for examples.
const siteHost = `<VirtualHost *:80>
	ServerName www.example.com
	DocumentRoot "${DOCROOT}"
	<Directory "${DOCROOT}">
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
</VirtualHost>
`

// flexibleMode is the file that switches the flexible mode on, which is empty.
const flexibleMode = "opt-in/USE_SOURCES_DIRECTLY"

// tree is a project for examples, with one farm and one virtual host. Files of the same name take the place of its own.
func tree(more ...lint.File) []lint.File {
	files := []lint.File{
		{Name: flexibleMode},
		{Name: "conf.dispatcher.d/available_farms/site.farm", Text: siteFarm},
		{Name: "conf.dispatcher.d/enabled_farms/site.farm", Link: "../available_farms/site.farm"},
		{Name: "conf.d/available_vhosts/site.vhost", Text: siteHost},
		{Name: "conf.d/enabled_vhosts/site.vhost", Link: "../available_vhosts/site.vhost"},
	}
	return with(files, more...)
}

// with replaces files of the same name and adds the others.
func with(files []lint.File, more ...lint.File) []lint.File {
next:
	for _, m := range more {
		for i := range files {
			if files[i].Name == m.Name {
				files[i] = m
				continue next
			}
		}
		files = append(files, m)
	}
	return files
}

// without leaves files out.
func without(files []lint.File, names ...string) []lint.File {
	var left []lint.File
next:
	for _, f := range files {
		for _, n := range names {
			if f.Name == n {
				continue next
			}
		}
		left = append(left, f)
	}
	return left
}
