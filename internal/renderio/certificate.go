package renderio

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// readRoots reads a file of certificate authorities; "" is none.
func readRoots(name string) (*x509.CertPool, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("CA file %s cannot be read: %w", name, pathless(err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("CA file %s holds no certificate", name)
	}
	return pool, nil
}

// readCertificate reads a certificate and its key, in one file and in any order; "" is none.
func readCertificate(name string) (*tls.Certificate, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("certificate file %s cannot be read: %w", name, pathless(err))
	}
	switch has := string(text); {
	case !strings.Contains(has, "-----BEGIN CERTIFICATE-----"):
		return nil, fmt.Errorf("certificate file %s holds no certificate", name)
	case !strings.Contains(has, "PRIVATE KEY-----"):
		return nil, fmt.Errorf("certificate file %s holds no private key: put it below the certificate", name)
	case strings.Contains(has, "ENCRYPTED"):
		return nil, fmt.Errorf("certificate file %s holds an encrypted key: only a plain one can be used", name)
	}
	cert, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("certificate file %s: %w", name, err)
	}
	return &cert, nil
}

func pathless(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// tlsConfig is how a render of that host name is spoken to. crypto/tls checks chain and name together or not at all,
// so that its own check is off, and verify takes its place.
func (b *Backend) tlsConfig(host string) *tls.Config {
	c := &tls.Config{
		ServerName:         host,
		InsecureSkipVerify: true,
		VerifyConnection:   func(s tls.ConnectionState) error { return b.verify(s, host) },
	}
	if b.cert != nil {
		// Shown to whoever asks, whichever authorities the render names, as OpenSSL does.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return b.cert, nil }
	}
	return c
}

// verify checks the chain where there is a CA file, and the name with DispatcherCheckPeerCN (AdobeDocs/
// experience-manager-dispatcher.en, dispatcher-ssl.md). With neither, any certificate will do.
func (b *Backend) verify(s tls.ConnectionState, host string) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the render shows no certificate")
	}
	leaf := s.PeerCertificates[0]
	if b.roots != nil {
		o := x509.VerifyOptions{Roots: b.roots, Intermediates: x509.NewCertPool(), CurrentTime: time.Now()}
		for _, c := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(c)
		}
		if _, err := leaf.Verify(o); err != nil {
			return fmt.Errorf("the render's certificate is not trusted: %w", err)
		}
	}
	if b.o.CheckPeerCN {
		return verifyName(leaf, host)
	}
	return nil
}

// verifyName compares a certificate's names with the host. A certificate of the old kind, which has a common name and
// nothing else, is judged by that.
func verifyName(leaf *x509.Certificate, host string) error {
	if len(leaf.DNSNames)+len(leaf.IPAddresses)+len(leaf.EmailAddresses)+len(leaf.URIs) == 0 {
		if cn := leaf.Subject.CommonName; !matchCommonName(cn, host) {
			return fmt.Errorf("the render's certificate is for %q, not for %s", cn, host)
		}
		return nil
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return fmt.Errorf("the render's certificate is for another name: %w", err)
	}
	return nil
}

// matchCommonName compares without regard to letter case; a first label of * stands for any one label.
func matchCommonName(cn, host string) bool {
	cn, host = strings.TrimSuffix(cn, "."), strings.TrimSuffix(host, ".")
	if cn == "" || host == "" {
		return false
	}
	if rest, ok := strings.CutPrefix(cn, "*."); ok && net.ParseIP(host) == nil {
		_, parent, ok := strings.Cut(host, ".")
		return ok && strings.Contains(rest, ".") && strings.EqualFold(rest, parent)
	}
	return strings.EqualFold(cn, host)
}
