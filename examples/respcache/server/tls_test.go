package server

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lockedLines collects what a server logs.
type lockedLines struct {
	mu  sync.Mutex
	all []string
}

func (l *lockedLines) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprintf(format, args...))
}

func (l *lockedLines) contain(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.all, "\n"), text)
}

// certificates writes a certificate for loopback that is its own authority, and its key.
func certificates(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

// TestTLS: clients that speak TLS are served, with a client certificate if the server has
// an authority for those. A client that does not speak TLS is refused and delays no
// other. Replicas follow over TLS.
func TestTLS(t *testing.T) {
	cert, key := certificates(t)
	pool := x509.NewCertPool()
	pemBytes, err := os.ReadFile(cert)
	require.NoError(t, err)
	require.True(t, pool.AppendCertsFromPEM(pemBytes))
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	ping := func(s *Server, own ...tls.Certificate) string {
		raw, err := net.Dial("tcp", s.Addr().String())
		require.NoError(t, err)
		defer raw.Close()
		require.NoError(t, raw.SetDeadline(time.Now().Add(patience)))
		nc := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", Certificates: own})
		if _, err := nc.Write([]byte("PING\r\n")); err != nil {
			return err.Error()
		}
		line, err := bufio.NewReader(nc).ReadString('\n')
		if err != nil {
			return err.Error()
		}
		return line
	}
	open := start(t, Options{Config: map[string]string{"tls-cert-file": cert, "tls-key-file": key}})
	plain := dial(t, open)
	plain.send("PING\r\n")
	assert.Equal(t, "+PONG\r\n", ping(open))
	_, err = plain.read()
	assert.Error(t, err, "not a handshake")
	assert.Equal(t, "TLS", open.tls.describe())

	config := map[string]string{"tls-cert-file": cert, "tls-key-file": key, "tls-ca-cert-file": cert, "tls-replication": "yes"}
	master := start(t, Options{Config: config})
	assert.Contains(t, ping(master), "certificate required")
	assert.Equal(t, "+PONG\r\n", ping(master, pair))
	words(master.internalSession(fromClient), "SET a 1")
	same(t, master, stopped(t, Options{ReplicaOf: master.Addr().String(), Config: config}))

	for name, bad := range map[string]map[string]string{
		"no key":      {"tls-cert-file": cert},
		"no file":     {"tls-cert-file": cert + "x", "tls-key-file": key},
		"no use":      {"tls-ca-cert-file": cert},
		"no text":     {"tls-ca-cert-file": key, "tls-cert-file": cert, "tls-key-file": key},
		"no such way": {"tls-cert-file": cert, "tls-key-file": key, "tls-auth-clients": "maybe"},
	} {
		_, err := New(Options{Config: bad})
		assert.ErrorContains(t, err, "server: tls-", name)
	}
}
