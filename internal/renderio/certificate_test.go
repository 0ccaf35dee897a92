package renderio

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// An authority issues certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

// A leaf is what a certificate says.
type leaf struct {
	cn      string
	dns     []string
	ip      []net.IP
	client  bool
	expired bool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, encode("CERTIFICATE", der)}
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// issue returns a certificate and its key as PEM.
func (a *authority) issue(t *testing.T, l leaf) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usage := x509.ExtKeyUsageServerAuth
	if l.client {
		usage = x509.ExtKeyUsageClientAuth
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: l.cn}, DNSNames: l.dns, IPAddresses: l.ip,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	if l.expired {
		template.NotAfter = time.Now().Add(-time.Minute)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, k.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", bytes)
}

// serveTLS starts a render that shows a certificate and, with clients, asks for one of them.
func serveTLS(t *testing.T, cert, key string, clients *authority, version uint16) netip.AddrPort {
	t.Helper()
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		fmt.Fprintf(w, "%s %s %s %q", who, r.Proto, r.RequestURI, r.TLS.ServerName)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}}
	if clients != nil {
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		s.TLS.ClientCAs.AddCert(clients.cert)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().(*net.TCPAddr).AddrPort()
}

func TestTLS(t *testing.T) {
	noLeak(t)
	dir := t.TempDir()
	write := func(name string, text ...string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(text, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ours, theirs := newAuthority(t), newAuthority(t)
	ca := write("ca.pem", "a line before\n", ours.pem)
	clientCert, clientKey := ours.issue(t, leaf{cn: "dispatcher", client: true})
	client := write("client.pem", clientKey, clientCert)
	strangerCert, strangerKey := theirs.issue(t, leaf{cn: "stranger", client: true})
	stranger := write("stranger.pem", strangerCert, strangerKey)
	good := leaf{cn: "ignored", dns: []string{"render.example", "*.wild.example"}, ip: []net.IP{net.IPv4(127, 0, 0, 1)}}

	tests := []struct {
		name    string
		by      *authority
		leaf    leaf
		clients *authority
		options Options
		host    string
		want    string // the body's start
		wantErr string
	}{
		{"nothing is checked", theirs, leaf{cn: "x", expired: true}, nil, Options{}, "render.example", `nobody HTTP/1.1 //x{y "render.example"`, ""},
		{"a good chain", ours, good, nil, Options{CAFile: ca}, "render.example", "nobody", ""},
		{"a good chain and any name", ours, good, nil, Options{CAFile: ca}, "other.example", "nobody", ""},
		{"a wrong authority", theirs, good, nil, Options{CAFile: ca}, "render.example", "", "not trusted: x509: certificate signed by unknown authority"},
		{"an old certificate", ours, leaf{dns: good.dns, expired: true}, nil, Options{CAFile: ca}, "render.example", "", "certificate has expired"},
		{"a client's certificate", ours, leaf{dns: good.dns, client: true}, nil, Options{CAFile: ca}, "render.example", "", "incompatible key usage"},
		{"the name", ours, good, nil, Options{CAFile: ca, CheckPeerCN: true}, "render.example", "nobody", ""},
		{"the name in capitals", ours, good, nil, Options{CAFile: ca, CheckPeerCN: true}, "RENDER.example", "nobody", ""},
		{"a name under the star", ours, good, nil, Options{CAFile: ca, CheckPeerCN: true}, "a.wild.example", "nobody", ""},
		{"an address", ours, good, nil, Options{CAFile: ca, CheckPeerCN: true}, "127.0.0.1", `nobody HTTP/1.1 //x{y ""`, ""},
		{"another name", ours, good, nil, Options{CAFile: ca, CheckPeerCN: true}, "other.example", "", "another name: x509: certificate is valid for"},
		{"the CN does not count beside other names", ours, good, nil, Options{CAFile: ca, CheckPeerCN: true}, "ignored", "", "another name"},
		{"another name without a CA", theirs, good, nil, Options{CheckPeerCN: true}, "other.example", "", "another name"},
		{"the CN of an old certificate", ours, leaf{cn: "Render.example"}, nil, Options{CAFile: ca, CheckPeerCN: true}, "render.example", "nobody", ""},
		{"another CN", ours, leaf{cn: "render.example"}, nil, Options{CAFile: ca, CheckPeerCN: true}, "other.example", "", `is for "render.example", not for other.example`},
		{"a certificate is demanded", ours, good, ours, Options{CAFile: ca, CertFile: client}, "render.example", "dispatcher", ""},
		{"a certificate is demanded and there is none", ours, good, ours, Options{CAFile: ca}, "render.example", "", "remote error: tls: "},
		{"a certificate of a stranger", ours, good, ours, Options{CAFile: ca, CertFile: stranger}, "render.example", "", "remote error: tls: "},
	}
	for _, tt := range tests {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tt.name+"/"+tls.VersionName(version), func(t *testing.T) {
				cert, key := tt.by.issue(t, tt.leaf)
				addr := serveTLS(t, cert, key, tt.clients, version)
				tt.options.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
					return []netip.Addr{addr.Addr()}, nil
				}
				r := renderAt(fmt.Sprintf("%s:%d", tt.host, addr.Port()))
				r.Secure.Value = true
				b := newBackend(t, tt.options)
				for range 2 { // the second on a kept connection, or on a new one
					a, err := roundTrip(t, b, get(r, "//x{y"))
					if tt.wantErr != "" {
						var connect *simulate.ConnectError
						if !errors.As(err, &connect) || connect.Addr != addr.String() || !strings.Contains(connect.Err.Error(), tt.wantErr) {
							t.Errorf("got %v, want %s", err, tt.wantErr)
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if text, err := readAll(a); !strings.HasPrefix(text, tt.want) || err != nil {
						t.Errorf("got %q %v, want %q", text, err, tt.want)
					}
				}
			})
		}
	}
}

// TestTLSWithPlainRender: a render that speaks HTTP only, and one that hangs up.
func TestTLSWithPlainRender(t *testing.T) {
	noLeak(t)
	tests := []struct{ name, raw, want string }{
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "first record does not look like a TLS handshake"},
		{"nothing", "", "the render ended the connection in the TLS handshake"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			done := make(chan struct{})
			go func() {
				defer close(done)
				if c, err := l.Accept(); err == nil {
					io.ReadFull(c, make([]byte, 16))
					io.WriteString(c, tt.raw)
					c.(*net.TCPConn).CloseWrite()
					io.Copy(io.Discard, c)
					c.Close()
				}
			}()
			r := renderAt(l.Addr().String())
			r.Secure.Value = true
			_, err = roundTrip(t, newBackend(t, Options{}), get(r, "/"))
			var connect *simulate.ConnectError
			if !errors.As(err, &connect) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			<-done
		})
	}
}

func TestMatchCommonName(t *testing.T) {
	tests := []struct {
		cn, host string
		want     bool
	}{
		{"a.example", "a.example", true}, {"A.example.", "a.EXAMPLE", true}, {"a.example", "b.example", false},
		{"*.example.com", "a.example.com", true}, {"*.example.com", "a.b.example.com", false}, {"*.example.com", "example.com", false},
		{"*.com", "example.com", false}, {"*.0.0.1", "127.0.0.1", false}, {"127.0.0.1", "127.0.0.1", true}, {"", "", false}, {"*", "a", false},
	}
	for _, tt := range tests {
		if got := matchCommonName(tt.cn, tt.host); got != tt.want {
			t.Errorf("matchCommonName(%q, %q) = %v, want %v", tt.cn, tt.host, got, tt.want)
		}
	}
}
