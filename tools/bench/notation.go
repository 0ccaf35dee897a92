package bench

import (
	"bytes"
	"strings"
)

// A notation is how one tool writes the farm below; @ stands for the site.
type notation struct{ head, farm, tail string }

// write repeats the farm until the text has n bytes.
func (n notation) write(size int) []byte {
	var b bytes.Buffer
	b.WriteString(n.head)
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strings.ReplaceAll(n.farm, "@", string(rune('a'+i%26))))
	}
	b.WriteString(n.tail)
	return b.Bytes()
}

var anyNotation = notation{"/name \"bench\"\n/farms {\n", `  # the farm of site @
  /site-@ {
	/clientheaders { "Host" "X-Forwarded-Proto" "User-Agent" }
    /virtualhosts {
      "www.@.example.com"   # public
      "@.example.com"
    }
    /renders { /rend01 { /hostname "${PUBLISH_IP}" /port "4503" /timeout "10000" } }
    /filter {
      # deny everything, then open what the site needs
      /0001 { /type "deny" /url "*" }
      /0010 { /type "allow" /extension '(css|eot|gif|ico|jpeg|jpg|js|pdf|png|svg|woff2?)' /path "/content/*" }
      /0011 { /type "allow" /method "GET" /url "/etc.clientlibs/*" }
	  /0012 {
	    /type "allow"
	    /method '(GET|HEAD)'
	    /url "/content/@/*.html"
	  }
      /0090 { /type "deny" /selectors '(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query)' /extension '(json|xml|html|feed)' }
    }
    /cache {
      /docroot "/var/www/@"
      /statfileslevel "3"
      /rules {
        /0000 { /glob "*" /type "allow" }
        /0001 { /glob "/libs/granite/csrf/token.json" /type "deny" }
      }
      /invalidate { /0000 { /glob "*" /type "deny" } /0001 { /glob "*.html" /type "allow" } }
      /headers { "Cache-Control" "Content-Type" "Last-Modified" }
    }
  }

`, "}\n"}

var httpdNotation = notation{"ServerName bench\n", `  # the farm of site @
<VirtualHost *:80>
	ServerName www.@.example.com
    ServerAlias @.example.com
    DocumentRoot "/var/www/@"
    <Directory "/var/www/@">
      # deny everything, then open what the site needs
      Require all denied
      <FilesMatch "\.(css|eot|gif|ico|jpeg|jpg|js|pdf|png|svg|woff2?)$">
        Require all granted
      </FilesMatch>
    </Directory>
    RewriteEngine On
    RewriteCond %{HTTP:X-Forwarded-Proto} !https
    RewriteRule ^/(.*)$ https://www.@.example.com/$1 [R=301,L]
    RewriteCond %{REQUEST_URI} !^/(apps|bin|conf|content|etc|home|libs|tmp|var)/
    RewriteRule ^/(.*)$ /content/@/$1 [PT,L]
    <LocationMatch "^/content/.*\.(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query)\.(json|xml|html|feed)$">
      Require all denied
    </LocationMatch>
    <LocationMatch "^/libs/granite/csrf/token\.json$">
      Header set Cache-Control "no-store" \
        "expr=%{REQUEST_STATUS} < 400"
    </LocationMatch>
    <IfModule mod_headers.c>
      Header always set X-Content-Type-Options nosniff
      Header always set X-Frame-Options SAMEORIGIN
    </IfModule>
</VirtualHost>

`, ""}

var hclNotation = notation{"name = \"bench\"\n", `  # the farm of site @
farm "site-@" {
	clientheaders = ["Host", "X-Forwarded-Proto", "User-Agent"]
    virtualhosts = [
      "www.@.example.com",   # public
      "@.example.com",
    ]
    render "rend01" {
      hostname = "${publish_ip}"
      port = "4503"
      timeout = "10000"
    }
    filter {
      # deny everything, then open what the site needs
      rule "0001" {
        type = "deny"
        url = "*"
      }
      rule "0010" {
        type = "allow"
        extension = "(css|eot|gif|ico|jpeg|jpg|js|pdf|png|svg|woff2?)"
        path = "/content/*"
      }
      rule "0011" {
        type = "allow"
        method = "GET"
        url = "/etc.clientlibs/*"
      }
	  rule "0012" {
	    type = "allow"
	    method = "(GET|HEAD)"
	    url = "/content/@/*.html"
	  }
      rule "0090" {
        type = "deny"
        selectors = "(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query)"
        extension = "(json|xml|html|feed)"
      }
    }
    cache {
      docroot = "/var/www/@"
      statfileslevel = "3"
      rule "0000" {
        glob = "*"
        type = "allow"
      }
      rule "0001" {
        glob = "/libs/granite/csrf/token.json"
        type = "deny"
      }
      invalidate "0000" {
        glob = "*"
        type = "deny"
      }
      invalidate "0001" {
        glob = "*.html"
        type = "allow"
      }
      headers = ["Cache-Control", "Content-Type", "Last-Modified"]
    }
}

`, ""}

var shellNotation = notation{"name=\"bench\"\n", `  # the farm of site @
  site_@() {
	clientheaders "Host" "X-Forwarded-Proto" "User-Agent"
    virtualhosts \
      "www.@.example.com"   \
      "@.example.com"
    renders() { rend01 --hostname "${PUBLISH_IP}" --port "4503" --timeout "10000"; }
    filter() {
      # deny everything, then open what the site needs
      rule_0001 --type "deny" --url "*"
      rule_0010 --type "allow" --extension '(css|eot|gif|ico|jpeg|jpg|js|pdf|png|svg|woff2?)' --path "/content/*"
      rule_0011 --type "allow" --method "GET" --url "/etc.clientlibs/*"
	  rule_0012 \
	    --type "allow" \
	    --method '(GET|HEAD)' \
	    --url "/content/@/*.html"
      rule_0090 --type "deny" --selectors '(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query)' --extension '(json|xml|html|feed)'
    }
    cache() {
      docroot "/var/www/@"
      statfileslevel "3"
      rules() {
        rule_0000 --glob "*" --type "allow"
        rule_0001 --glob "/libs/granite/csrf/token.json" --type "deny"
      }
      invalidate() { rule_0000 --glob "*" --type "deny"; rule_0001 --glob "*.html" --type "allow"; }
      headers "Cache-Control" "Content-Type" "Last-Modified"
    }
  }

`, ""}
